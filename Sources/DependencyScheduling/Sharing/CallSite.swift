/// A place in the source, as an identity for what is learned of the runs that begin there.
///
/// ```swift
/// func update(fileID: StaticString = #fileID, line: UInt = #line, column: UInt = #column) throws {
///   let options = RunOptions(site: CallSite(fileID: fileID, line: line, column: column))
///   try executor.run(schedule, options: options) { unit in cells[Int(unit.index)].update() }
/// }
/// ```
public struct CallSite: Hashable, Sendable {
  private let fileID: StaticString
  private let line: UInt32
  private let column: UInt32

  /// The place of the call, unless told otherwise.
  public init(fileID: StaticString = #fileID, line: UInt = #line, column: UInt = #column) {
    self.fileID = fileID
    self.line = UInt32(truncatingIfNeeded: line)
    self.column = UInt32(truncatingIfNeeded: column)
  }

  /// Equal names may lie at several addresses, one for each object file; nearly always the address decides.
  public static func == (one: CallSite, other: CallSite) -> Bool {
    guard one.line == other.line, one.column == other.column else { return false }
    let (first, second) = (one.fileID, other.fileID)
    guard first.hasPointerRepresentation, second.hasPointerRepresentation else {
      return first.description == second.description
    }
    guard first.utf8CodeUnitCount == second.utf8CodeUnitCount else { return false }
    if first.utf8Start == second.utf8Start { return true }
    return first.withUTF8Buffer { bytes in second.withUTF8Buffer { bytes.elementsEqual($0) } }
  }

  /// Leaves the file out, which would take longest: places in different files rarely agree in line and column.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(line)
    hasher.combine(column)
  }
}
