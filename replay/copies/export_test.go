package copies

// SetMaxRecords makes transactions small, so that a short copy has many.
func SetMaxRecords(w *Writer, n int) { w.maxRecords = n }
