package dlq

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// Fingerprint is twelve hexadecimal digits that are the same for letters that died
// alike: of the same class, with the same message but for what changes from letter
// to letter, at the same frame. It stays the same between versions of evtctl.
func Fingerprint(class, message, frame string) string {
	text := fingerprint([]byte(class), []byte(message), []byte(frame))
	return string(text[:])
}

// noCause is the fingerprint of letters that tell nothing.
var noCause = Fingerprint("", "", "")

func fingerprint(class, message, frame []byte) (text [12]byte) {
	n := normaliser{in: message[:min(len(message), maxMessage)]}
	h := uint64(fnvOffset)
	for _, s := range [...][]byte{class, n.normalise(), frame} {
		for _, c := range s {
			h = (h ^ uint64(c)) * fnvPrime
		}
		h = (h ^ 0xff) * fnvPrime // no UTF-8 contains it: "ab","c" isn't "a","bc"
	}
	h ^= h >> 48 // all bits count
	const digits = "0123456789abcdef"
	for i := range text {
		text[i] = digits[h>>(44-4*i)&15]
	}
	return text
}

// The parameters of FNV-1a with 64 bits.
const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

// maxNormal bounds the form of a message that counts.
const maxNormal = 512

type normaliser struct {
	in  []byte
	at  int
	out normal
}

// normalise replaces what changes from letter to letter: quoted text by ?, and
// numbers, ids, UUIDs, times and hex by #. Lists of those count as one.
func (n *normaliser) normalise() []byte {
	for n.at < len(n.in) && n.out.len < maxNormal {
		n.step()
	}
	return bytes.TrimSpace(n.out.buf[:min(n.out.len, maxNormal)])
}

// normal is the output; it folds repeated spaces, and lists of placeholders.
type normal struct {
	buf [maxNormal + utf8.UTFMax]byte
	len int
}

func (o *normal) text(s []byte) {
	o.len += copy(o.buf[o.len:], s)
}

func (o *normal) char(c byte) {
	o.len += copy(o.buf[o.len:], []byte{c})
}

func (o *normal) space() {
	if o.len > 0 && o.buf[o.len-1] != ' ' {
		o.char(' ')
	}
}

// placeholder writes # or ?, and takes back what joins it to one in front: the
// comma of a list, the dots and dashes of a number or a time.
func (o *normal) placeholder(mark byte) {
	i := o.len
	for i > 0 && strings.IndexByte(",.:;/+-_ ", o.buf[i-1]) >= 0 {
		i--
	}
	if i > 0 && i < o.len && o.buf[i-1] == mark && !(o.len-i == 1 && o.buf[i] == ' ' && mark == '?') {
		o.len = i
		return
	}
	// A sign belongs to its number.
	if mark == '#' && o.len > 0 && (o.buf[o.len-1] == '-' || o.buf[o.len-1] == '+') && (o.len == 1 || strings.IndexByte(" =:([{,", o.buf[o.len-2]) >= 0) {
		o.len--
	}
	if o.len > 0 && o.buf[o.len-1] == mark {
		return
	}
	o.char(mark)
}

func (n *normaliser) step() {
	c := n.in[n.at]
	switch {
	case c == ' ' || c == '\t' || c == '\n' || c == '\r':
		n.at++
		n.out.space()
	case c == '"' || c == '`' || c == '\'' && !n.afterWord():
		if !n.quoted(c) {
			n.out.char(c)
			n.at++
		}
	case isWord(c):
		n.word()
	default:
		n.out.char(c)
		n.at++
	}
}

// afterWord tells an apostrophe from a quote.
func (n *normaliser) afterWord() bool { return n.at > 0 && isWord(n.in[n.at-1]) }

// quoted takes in a quotation, backslashes heeded.
func (n *normaliser) quoted(quote byte) bool {
	for i := n.at + 1; i < len(n.in); i++ {
		switch {
		case n.in[i] == '\\':
			i++
		case n.in[i] == '\n' && quote != '`':
			return false
		case n.in[i] == quote && (quote != '\'' || i+1 == len(n.in) || !isWord(n.in[i+1])):
			n.out.placeholder('?')
			n.at = i + 1
			return true
		}
	}
	return false
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isHex(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
func isWord(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf
}

// word takes in letters and digits.
func (n *normaliser) word() {
	if uuidAt(n.in[n.at:]) {
		n.at += 36
		n.out.placeholder('#')
		return
	}
	start, digits, hex := n.at, 0, true
	for n.at < len(n.in) && isWord(n.in[n.at]) {
		if isDigit(n.in[n.at]) {
			digits++
		}
		hex = hex && isHex(n.in[n.at])
		n.at++
	}
	word := n.in[start:n.at]
	address := start > 0 && n.in[start-1] == '@' && hex && len(word) <= 8 // of a Java object
	switch {
	case digits > 0 && (digits == len(word) || !isPlain(word)), hex && len(word) >= 16, address, isCalendar(word):
		n.out.placeholder('#')
	default:
		n.out.text(word)
	}
}

func isCalendar(word []byte) bool {
	return len(word) == 3 && word[0] <= 'Z' && calendar[string(word)] // few words begin with a capital
}

// isPlain tells a word that has digits and isn't an id.
func isPlain(word []byte) bool {
	return len(word) <= maxPlainWord && plainWords[strings.ToLower(string(word))]
}

// maxPlainWord is more than any of plainWords takes, in whatever letters.
const maxPlainWord = 24

// uuidAt tells whether s begins with a UUID.
func uuidAt(s []byte) bool {
	if len(s) < 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return false
	}
	for i := range 36 {
		if i != 8 && i != 13 && i != 18 && i != 23 && !isHex(s[i]) {
			return false
		}
	}
	return len(s) == 36 || !isWord(s[36])
}

// plainWords have digits and aren't ids.
var plainWords = setOf("utf8", "utf16", "utf32", "int8", "int16", "int32", "int64", "uint32", "uint64", "float32", "float64",
	"base64", "sha1", "sha256", "sha512", "md5", "crc32", "http2", "oauth2", "s3", "ipv4", "ipv6", "x509", "log4j", "slf4j", "lz4", "ec2", "h2", "db2", "p12", "k8s")

// calendar are the words of written times.
var calendar = setOf("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun",
	"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

func setOf(words ...string) map[string]bool {
	set := make(map[string]bool, len(words))
	for _, w := range words {
		set[w] = true
	}
	return set
}
