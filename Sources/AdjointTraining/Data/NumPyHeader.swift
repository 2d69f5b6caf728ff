/// What stands before the elements of an `.npy` file: `\x93NUMPY`, a version, the length of a text, and the text, such
/// as `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`, padded with spaces up to the end of a line.
struct NumPyHeader {
  let dimensions: [Int]
  let type: NumPyType
  let isColumnMajor: Bool
  /// Of all that stands before the elements.
  let byteCount: Int

  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  /// Longer ones belong to records of many fields, which are not read.
  private static let longestText = 65_536  // Decisions/Limits.md

  /// The bytes of all elements; `nil` if no memory has as many.
  var dataByteCount: Int? {
    if dimensions.contains(0) { return 0 }
    var count = type.byteCount
    for extent in dimensions {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      if overflow { return nil }
      count = product
    }
    return count
  }

  init(of file: borrowing ByteSource, _ place: Range<Int>) throws(Malformed) {
    func bytes(_ count: Int, at offset: Int) throws(Malformed) -> [UInt8] {
      guard offset + count <= place.count else { throw Malformed("it ends within its header") }
      do { return try file.bytes(count, at: place.lowerBound + offset) } catch { throw Malformed(error.reason) }
    }
    let start = try bytes(8, at: 0)
    guard start.starts(with: Self.magic) else { throw Malformed("it does not begin as NumPy's files do") }
    guard (1...3).contains(start[6]) else { throw Malformed("it is of version \(start[6]), and 1 to 3 are known") }
    let digits = start[6] == 1 ? 2 : 4
    let length = try bytes(digits, at: 8).reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= Self.longestText else {
      throw Malformed("its header of \(length) bytes is longer than \(Self.longestText)")
    }
    byteCount = 8 + digits + length
    var text = Text(try bytes(length, at: 8 + digits))
    (type, isColumnMajor, dimensions) = try text.entries()
  }

  /// The text of a header: an expression of Python's, of which no other forms are written.
  private struct Text {
    private var rest: ArraySlice<UInt8>
    init(_ bytes: [UInt8]) { rest = bytes[...] }

    mutating func entries() throws(Malformed) -> (NumPyType, Bool, [Int]) {
      var type: NumPyType?, isColumnMajor: Bool?, dimensions: [Int]?
      try expect("{")
      while !accept("}") {
        let key = try string()
        try expect(":")
        switch key {
        case "descr" where type == nil:
          guard next == UInt8(ascii: "'") || next == UInt8(ascii: "\"") else {
            throw Malformed("its elements are records, which are not read")
          }
          let name = try string()
          guard let known = NumPyType(name) else {
            throw Malformed("its elements are of the type \(TensorFileHeader.quoted(name)), which is not read")
          }
          type = known
        case "fortran_order" where isColumnMajor == nil: isColumnMajor = try truth()
        case "shape" where dimensions == nil: dimensions = try extents()
        default: throw Malformed("its header has \(TensorFileHeader.quoted(key)), or has it twice")
        }
        if !accept(",") {
          try expect("}")
          break
        }
      }
      skipSpace()
      guard rest.isEmpty else { throw Malformed("its header goes on after its end") }
      guard let type, let isColumnMajor, let dimensions else {
        throw Malformed("its header lacks one of descr, fortran_order and shape")
      }
      return (type, isColumnMajor, dimensions)
    }

    private mutating func skipSpace() { rest = rest.drop { $0 == 0x20 || $0 == 0x0A } }
    private var next: UInt8? {
      mutating get {
        skipSpace()
        return rest.first
      }
    }

    private mutating func accept(_ text: String) -> Bool {
      skipSpace()
      guard rest.starts(with: text.utf8) else { return false }
      rest = rest.dropFirst(text.utf8.count)
      return true
    }

    private mutating func expect(_ text: String) throws(Malformed) {
      if !accept(text) { throw Malformed("its header has no '\(text)' where one is due") }
    }

    private mutating func string() throws(Malformed) -> String {
      guard let quote = next, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
        throw Malformed("its header has no text where one is due")
      }
      rest = rest.dropFirst()
      guard let end = rest.firstIndex(of: quote), !rest[..<end].contains(UInt8(ascii: "\\")) else {
        throw Malformed("a text of its header does not end")
      }
      defer { rest = rest[(end + 1)...] }
      return String(decoding: rest[..<end], as: UTF8.self)
    }

    private mutating func truth() throws(Malformed) -> Bool {
      if accept("True") { return true }
      try expect("False")
      return false
    }

    private mutating func extents() throws(Malformed) -> [Int] {
      var extents: [Int] = []
      try expect("(")
      while !accept(")") {
        let digits = next == nil ? rest : rest.prefix { (0x30...0x39).contains($0) }
        guard let extent = Int(String(decoding: digits, as: UTF8.self)), digits.count <= 19 else {
          throw Malformed("an extent of its header is not a number")
        }
        extents.append(extent)
        rest = rest.dropFirst(digits.count)
        if !accept(",") {
          try expect(")")
          break
        }
      }
      return extents
    }
  }
}
