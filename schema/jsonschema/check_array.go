package jsonschema

import "strconv"

// list is what a schema says of an array's items, whatever the draft calls it.
type list struct {
	all   *value   // of all items, or nil
	first []*value // of the first ones, by their places
	rest  string   // the keyword for those after them
}

func listOf(v *value) list {
	items := v.get("items")
	switch {
	case v.get("prefixItems") != nil:
		return list{first: v.get("prefixItems").elements, rest: "items"}
	case items != nil && items.kind == '[':
		return list{first: items.elements, rest: "additionalItems"}
	}
	return list{all: items, rest: "additionalItems"}
}

// array compares two schemas of arrays.
func (c *checker) array(w, r *value) {
	was, is := listOf(w), listOf(r)
	c.inField("[]", func() {
		c.within(func() { c.allItems(was.all, is.all, w) }, "items")
		c.firstItems(was, is, w, r)
		if was.rest == is.rest {
			c.rest(w, r, was.rest, AdditionalItemsGone, AdditionalItemsFewer, "items")
		}
	})
	c.limits(w, r, "maxItems", "minItems")
	if unique := r.get("uniqueItems"); unique != nil && unique.kind == 't' {
		if was := w.get("uniqueItems"); was == nil || was.kind != 't' {
			c.within(func() {
				c.add(UniqueItemsAdded, orElse(was, w), unique, "the reader wants items to be unique, the writer doesn't", "leave out uniqueItems")
			}, "uniqueItems")
		}
	}
}

func (c *checker) allItems(was, is, w *value) {
	switch {
	case is == nil:
	case was == nil:
		c.add(SchemaAdded, w, is, "the reader wants items of a schema, to the writer they can be anything", "accept any items")
	default:
		c.compare(c.writerForm(was), c.readerForm(is))
	}
}

// firstItems compares the items that have a schema by their place.
func (c *checker) firstItems(was, is list, w, r *value) {
	for i := range max(len(was.first), len(is.first)) {
		c.within(func() {
			switch {
			case i >= len(is.first):
				c.itemRemoved(was.first[i], is, r)
			case i >= len(was.first):
				c.itemAdded(is.first[i], was, w)
			default:
				c.compare(c.writerForm(was.first[i]), c.readerForm(is.first[i]))
			}
		}, "items", strconv.Itoa(i))
	}
}

func (c *checker) itemRemoved(before *value, is list, r *value) {
	rest := r.get(is.rest)
	switch {
	case rest == nil || rest.kind == 't' || before.kind == 'f':
	case rest.kind == 'f':
		c.add(ItemFromClosed, before, r, "the reader doesn't have this item and forbids additional ones", "keep it, or allow additional items")
	case !c.covered(c.writerForm(before), c.readerForm(rest)):
		c.add(ItemGoneNotCovered, before, rest, "the reader doesn't have this item, and its additional items don't accept it", "")
	}
}

func (c *checker) itemAdded(after *value, was list, w *value) {
	rest := w.get(was.rest)
	switch {
	case rest == nil || rest.kind == 't':
		if c.readerForm(after).kind != formAnything {
			c.add(ItemToOpen, w, after, "it is new, and the writer allows additional items, so data may have anything there",
				"accept anything for it")
		}
	case rest.kind == 'f':
	case !c.covered(c.writerForm(rest), c.readerForm(after)):
		c.add(ItemNotCovered, rest, after, "it is new, and doesn't accept all that the writer's additional items allow", "")
	}
}
