package dlq

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// Bounds on what is read of a stack trace and of a message.
const (
	maxStack   = 256 << 10
	maxLines   = 2000
	maxMessage = 4 << 10
	maxFrame   = 300
)

// wrappers are exceptions that only carry another.
var wrappers = map[string]bool{
	"org.springframework.kafka.listener.ListenerExecutionFailedException": true,
	"org.springframework.kafka.listener.TimestampedException":             true,
	"org.springframework.kafka.KafkaException":                            true,
	"org.springframework.messaging.MessagingException":                    true,
	"org.springframework.messaging.MessageHandlingException":              true,
	"org.springframework.core.retry.RetryException":                       true,
	"org.apache.kafka.connect.errors.ConnectException":                    true,
	"org.apache.kafka.streams.errors.StreamsException":                    true,
	"java.util.concurrent.ExecutionException":                             true,
	"java.util.concurrent.CompletionException":                            true,
	"java.lang.reflect.InvocationTargetException":                         true,
	"java.lang.reflect.UndeclaredThrowableException":                      true,
}

// frameworks are the beginnings of classes that aren't the application's.
var frameworks = []string{
	"java.", "javax.", "jakarta.", "jdk.", "sun.", "com.sun.", "kotlin.", "kotlinx.", "scala.", "groovy.", "org.codehaus.groovy.",
	"org.springframework.", "org.apache.", "org.hibernate.", "org.postgresql.", "org.jboss.", "org.eclipse.", "org.aspectj.",
	"io.smallrye.", "io.quarkus.", "io.vertx.", "io.netty.", "io.micrometer.", "io.opentelemetry.", "io.confluent.", "io.micronaut.",
	"com.fasterxml.", "com.google.gson.", "com.google.protobuf.", "com.mysql.", "com.zaxxer.", "com.mongodb.", "reactor.", "akka.",
	"System.", "Microsoft.", "Wolverine.", "Confluent.", "lambdaworks.", "net.bytebuddy.",
}

// cause is what a stack trace tells.
type cause struct {
	class, message, frame []byte
	wrapped               bool // the message in the headers isn't this exception's
}

// section is one exception of a stack trace: its head line and its frames.
type section struct {
	class, message []byte
	frames         []byte
}

// readStack finds in a Java stack trace the exception of the class, or what that
// wraps, and the topmost frame of the application. Where the exception itself has
// no such frame, it is the one that wraps it.
func readStack(stack, class []byte) cause {
	stack = stack[:min(len(stack), maxStack)]
	if len(stack) == 0 {
		return cause{}
	}
	var sections [16]section
	n := 0
	for rest := stack; n < len(sections) && len(rest) > 0; n++ {
		end := bytes.Index(rest, causedBy)
		if end < 0 {
			sections[n] = readSection(rest)
			rest = nil
			continue
		}
		sections[n] = readSection(rest[:end])
		rest = rest[end+len(causedBy):]
	}
	at := chosen(sections[:n], class)
	var c cause
	if at >= 0 {
		c.class = validText(sections[at].class)
		c.message = validText(sections[at].message)
		c.wrapped = at > 0
	} else {
		at = n - 1
	}
	for ; at >= 0 && c.frame == nil; at-- {
		c.frame = topFrame(sections[at].frames)
	}
	return c
}

var causedBy = []byte("\nCaused by: ")

// chosen is the exception of the class, and if that is a wrapper, the first below
// it that is none; -1: the trace is of something else.
func chosen(sections []section, class []byte) int {
	at := -1
	for i := range sections {
		if len(class) == 0 || bytes.Equal(sections[i].class, class) {
			at = i
			break
		}
	}
	for at >= 0 && at+1 < len(sections) && wrappers[string(sections[at].class)] {
		at++
	}
	return at
}

// readSection splits the head, "class: message" with a message of any number of
// lines, from the frames.
func readSection(text []byte) section {
	head, frames := text, []byte(nil)
	if i := bytes.Index(text, []byte("\n\tat ")); i >= 0 {
		head, frames = text[:i], text[i+1:]
	} else if i := bytes.Index(text, []byte("\n   at ")); i >= 0 { // .NET
		head, frames = text[:i], text[i+1:]
	}
	class, message, _ := bytes.Cut(head, []byte(": "))
	if len(class) > maxFrame || slices.ContainsFunc(class, endsClass) {
		return section{frames: text}
	}
	for n := len(class); n > 0 && (class[n-1] == '\r' || class[n-1] == ':'); n-- {
		class = class[:n-1]
	}
	return section{class: class, message: bytes.TrimSpace(message[:min(len(message), maxMessage)]), frames: frames}
}

// endsClass tells of a byte that isn't in the name of a class.
func endsClass(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '(' }

// topFrame gives class and method of the first frame that is the application's.
// Line numbers are left out: they change with every release.
func topFrame(frames []byte) []byte {
	for range maxLines {
		if len(frames) == 0 {
			break
		}
		var line []byte
		line, frames, _ = bytes.Cut(frames, []byte("\n"))
		line = bytes.TrimLeft(line, " \t")
		if !bytes.HasPrefix(line, []byte("at ")) {
			continue
		}
		name, _, found := bytes.Cut(line[3:], []byte("("))
		if !found || len(name) > maxFrame {
			continue
		}
		if i := bytes.LastIndexByte(name, '/'); i >= 0 { // a module or a class loader
			name = name[i+1:]
		}
		if len(name) > 0 && !isFramework(name) {
			return plainFrame(validText(name))
		}
	}
	return nil
}

// frameworksBy are those that begin with a byte: every frame of every letter is looked up.
var frameworksBy = func() (by [256][]string) {
	for _, prefix := range frameworks {
		by[prefix[0]] = append(by[prefix[0]], prefix)
	}
	return by
}()

func isFramework(name []byte) bool {
	if len(name) == 0 {
		return false
	}
	for _, prefix := range frameworksBy[name[0]] {
		if len(name) >= len(prefix) && string(name[:len(prefix)]) == prefix {
			return true
		}
	}
	return bytes.Contains(name, []byte("$$FastClass")) || bytes.HasPrefix(name, []byte("Generated"))
}

// plainFrame takes out what a compiler or a proxy numbers anew each time.
func plainFrame(name []byte) []byte {
	dot := bytes.LastIndexByte(name, '.')
	if dot < 0 {
		return name
	}
	class, method := name[:dot], name[dot+1:]
	class, _, cut := bytes.Cut(class, []byte("$$"))
	if bytes.HasPrefix(method, []byte("lambda$")) {
		method = bytes.TrimRight(method, "0123456789")
	} else if !cut {
		return name
	}
	return slices.Concat(class, []byte("."), method)
}

func validText(b []byte) []byte {
	if utf8.Valid(b) {
		return b
	}
	return bytes.ToValidUTF8(b, []byte("\ufffd"))
}
