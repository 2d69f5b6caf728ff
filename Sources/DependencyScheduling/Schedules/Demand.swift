/// Ends the process with a sentence: a caller's mistake that no type could prevent. Unlike `precondition`, it prints
/// its sentence in release builds too.
///
/// What remains a `precondition` elsewhere is asked by functions inside of the package, of which those that run for
/// each element, node or part are on hot paths: whatever a user gives has been refused or demanded before it gets
/// there.
@usableFromInline
package func endProcess(_ sentence: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line)
  -> Never
{
  fatalError(sentence(), file: file, line: line)
}

/// Ends the process with a sentence unless `condition` holds.
@inlinable
package func demand(
  _ condition: Bool, _ sentence: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) {
  if !condition { endProcess(sentence(), file: file, line: line) }
}
