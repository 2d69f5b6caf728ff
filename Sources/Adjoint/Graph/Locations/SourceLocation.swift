/// Where in the user's program a node was made.
///
/// A function such as ``Graph/input(_:_:_:fileID:line:)`` knows its call site. An operator (`x + y`) cannot be told
/// its line by the compiler; it records its return address instead, which ``description`` turns into file and line.
public struct SourceLocation: Hashable, Sendable, CustomStringConvertible {
  enum Site: Hashable, Sendable {
    case line(fileID: String, line: UInt32)
    case returnAddress(UInt)
    case unknown
  }
  let site: Site

  init(site: Site) { self.site = site }
  init(fileID: StaticString, line: UInt) {
    site = .line(fileID: fileID.description, line: UInt32(truncatingIfNeeded: line))
  }

  /// `Module/File.swift:12`; for an operator `Folder/File.swift:12`, or the function's name where debug information has no
  /// line.
  public var description: String {
    switch site {
    case .line(let fileID, let line): "\(fileID):\(line)"
    case .returnAddress(let address): CallSite.describe(returnAddress: address)
    case .unknown: "unknown location"
    }
  }
}

/// A ``SourceLocation`` in 8 bytes: `file << 32 | line`, or a return address with the top bit set, or 0.
struct PackedLocation: Hashable, Sendable {
  let bits: UInt64
  static let unknown = PackedLocation(bits: 0)

  init(bits: UInt64) { self.bits = bits }
  init(file: UInt32, line: UInt32) { bits = UInt64(file) << 32 | UInt64(line) }
  init(returnAddress: UInt) { bits = UInt64(returnAddress) | 1 << 63 }
}

/// The file identifiers that the locations of one graph refer to by number.
struct FileTable: Sendable {
  private(set) var fileIDs: [String] = [""]
  private var numbers: [UInt: UInt32] = [:]
  private var last: (pointer: UInt, number: UInt32) = (0, 0)

  mutating func pack(_ fileID: StaticString, _ line: UInt) -> PackedLocation {
    let pointer = fileID.hasPointerRepresentation ? UInt(bitPattern: fileID.utf8Start) : 0
    if pointer != last.pointer || pointer == 0 {
      last = (pointer, number(of: fileID, at: pointer))
    }
    return PackedLocation(file: last.number, line: UInt32(truncatingIfNeeded: line))
  }

  private mutating func number(of fileID: StaticString, at pointer: UInt) -> UInt32 {
    if let known = numbers[pointer] { return known }
    fileIDs.append(fileID.description)
    numbers[pointer] = UInt32(fileIDs.count - 1)
    return UInt32(fileIDs.count - 1)
  }

  func unpack(_ location: PackedLocation) -> SourceLocation {
    if location.bits == 0 { return SourceLocation(site: .unknown) }
    if location.bits >> 63 == 1 { return SourceLocation(site: .returnAddress(UInt(location.bits & ~(1 << 63)))) }
    return SourceLocation(
      site: .line(fileID: fileIDs[Int(location.bits >> 32)], line: UInt32(truncatingIfNeeded: location.bits)))
  }
}
