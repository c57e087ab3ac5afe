package replay

// SetPieces makes the pieces that a check reads small, so that few records are in many.
func SetPieces(req *CheckRequest, offsets int64) { req.pieceOffsets = offsets }
