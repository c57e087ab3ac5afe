package timeline

import "bytes"

// filter tells whether bytes may hold one of many forms of ids. It never says no
// wrongly. Long forms are looked for all at once, by the method of Wu and Manber: where
// the last three bytes of a window are in none of them, the window moves on by all its
// width. That is what lets a search read as quickly as a broker sends.
type filter struct {
	window int
	shift  []uint8 // by the hash of three bytes
	long   [][]byte
	short  [][]byte // looked for one by one
}

const (
	block   = 3
	longest = 8 // a form with fewer bytes would make the window too narrow for all others
)

func newFilter(ids []identity) *filter {
	f := &filter{window: 255}
	for i := range ids {
		for _, form := range ids[i].forms() {
			if len(form) < longest {
				f.short = append(f.short, form)
				continue
			}
			f.long = append(f.long, form)
			f.window = min(f.window, len(form))
		}
	}
	f.short = distinct(f.short)
	f.long = distinct(f.long)
	f.shift = make([]uint8, 1<<16)
	for i := range f.shift {
		f.shift[i] = uint8(f.window - block + 1)
	}
	for _, form := range f.long {
		for end := block; end <= f.window; end++ {
			h := hash(form[end-3], form[end-2], form[end-1])
			f.shift[h] = min(f.shift[h], uint8(f.window-end))
		}
	}
	return f
}

func hash(a, b, c byte) uint16 {
	return uint16(a) ^ uint16(b)<<5 ^ uint16(c)<<8 ^ uint16(c)>>3
}

// has tells whether one of the forms is in data.
func (f *filter) has(data []byte) bool {
	for _, form := range f.short {
		if bytes.Contains(data, form) {
			return true
		}
	}
	if len(f.long) == 0 {
		return false
	}
	shift := (*[1 << 16]uint8)(f.shift)
	for end := f.window; end <= len(data); {
		s := shift[hash(data[end-3], data[end-2], data[end-1])]
		if s > 0 {
			end += int(s)
			continue
		}
		for _, form := range f.long {
			if bytes.HasPrefix(data[end-f.window:], form) {
				return true
			}
		}
		end++
	}
	return false
}
