/// Ends the process with a sentence: a caller's mistake that no type could prevent. Unlike `precondition`, it prints
/// its sentence in release builds too.
func endProcess(_ sentence: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line) -> Never {
  fatalError(sentence(), file: file, line: line)
}

/// Ends the process with a sentence unless `condition` holds.
@inline(__always)
func demand(
  _ condition: Bool, _ sentence: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) {
  if !condition { endProcess(sentence(), file: file, line: line) }
}
