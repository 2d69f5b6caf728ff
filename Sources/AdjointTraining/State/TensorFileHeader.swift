internal import DependencyScheduling
internal import Adjoint
internal import Notation

/// One tensor of a safetensors file.
public struct StoredTensor: Hashable, Sendable {
  public let name: String
  public let type: StoredType
  /// Extents, outermost first; elements lie in row-major order.
  public let dimensions: [Int]
  /// Where its bytes lie, counted from the end of the header.
  let bytes: Range<Int>
}

/// The header of a safetensors file: eight bytes of length, then as many of JSON,
/// `{"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …, "__metadata__": {"key": "value"}}`.
struct TensorFileHeader {
  static let metadataKey = "__metadata__"
  /// As the reference implementation has it.
  static let largestByteCount = 100_000_000  // Decisions/Limits.md

  private(set) var tensors: [StoredTensor] = []
  private(set) var metadata: [String: String] = [:]

  // MARK: reading

  /// Reads the JSON, whose names are compared byte for byte, and checks that the tensors lie one behind the other in
  /// all of the data, without gap or overlap.
  ///
  /// - Complexity: O(n log n) in the bytes of the header.
  init(parsing json: [UInt8], dataByteCount: Int) throws(Malformed) {
    guard json.first == UInt8(ascii: "{") else { throw Malformed("the header does not begin with '{'") }
    var scanner = JSONScanner(json)
    var names: Set<ExactName> = []
    try scanner.expect("{")
    if !scanner.accept("}") {
      repeat {
        let name = try scanner.string()
        guard names.insert(ExactName(name)).inserted else {
          throw scanner.error("the name \(Self.quoted(name)) comes twice")
        }
        try scanner.expect(":")
        if name == Self.metadataKey {
          metadata = try Self.parseMetadata(&scanner)
        } else {
          tensors.append(try Self.parseTensor(name, &scanner))
        }
      } while scanner.accept(",")
      try scanner.expect("}")
    }
    guard scanner.isAtEnd() else { throw scanner.error("more after the end of the header's object") }
    tensors.sort { ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound) }
    try checkLayout(dataByteCount)
  }

  private static func parseMetadata(_ scanner: inout JSONScanner) throws(Malformed) -> [String: String] {
    var metadata: [String: String] = [:]
    try scanner.expect("{")
    if scanner.accept("}") { return metadata }
    repeat {
      let key = try scanner.string()
      try scanner.expect(":")
      guard metadata.updateValue(try scanner.string(), forKey: key) == nil else {
        throw scanner.error("the metadata \(quoted(key)) comes twice, or in two forms that Unicode calls equivalent")
      }
    } while scanner.accept(",")
    try scanner.expect("}")
    return metadata
  }

  private static func parseTensor(_ name: String, _ scanner: inout JSONScanner) throws(Malformed) -> StoredTensor {
    var type: StoredType?
    var dimensions: [Int]?
    var offsets: [Int]?
    try scanner.expect("{")
    repeat {
      let key = try scanner.string()
      try scanner.expect(":")
      switch key {
      case "dtype" where type == nil:
        let typeName = try scanner.string()
        guard let known = StoredType(named: typeName) else {
          throw Malformed("\(quoted(name)) is of the unknown type \(quoted(typeName))")
        }
        type = known
      case "shape" where dimensions == nil: dimensions = try scanner.integers()
      case "data_offsets" where offsets == nil: offsets = try scanner.integers()
      default: throw scanner.error("\(quoted(name)) has \(quoted(key)), or has it twice")
      }
    } while scanner.accept(",")
    try scanner.expect("}")
    guard let type, let dimensions, let offsets else {
      throw Malformed("\(quoted(name)) lacks one of dtype, shape and data_offsets")
    }
    guard offsets.count == 2, offsets[0] <= offsets[1] else {
      throw Malformed("\(quoted(name)) has the data_offsets \(offsets): a beginning and an end are needed")
    }
    guard let byteCount = type.byteCount(of: dimensions), byteCount == offsets[1] - offsets[0] else {
      throw Malformed(
        "\(quoted(name)) of type \(type) and shape \(dimensions) does not take the \(offsets[1] - offsets[0]) bytes "
          + "between its data_offsets")
    }
    return StoredTensor(name: name, type: type, dimensions: dimensions, bytes: offsets[0]..<offsets[1])
  }

  private func checkLayout(_ dataByteCount: Int) throws(Malformed) {
    var end = 0
    for tensor in tensors {
      guard tensor.bytes.lowerBound == end else {
        let fault = tensor.bytes.lowerBound < end ? "overlaps the one before" : "leaves a gap"
        throw Malformed("\(Self.quoted(tensor.name)) begins at byte \(tensor.bytes.lowerBound) and \(fault)")
      }
      end = tensor.bytes.upperBound
    }
    guard end == dataByteCount else {
      throw Malformed("the tensors take \(end) bytes, and \(dataByteCount) follow the header")
    }
  }

  /// A name of the file in a message: bounded, and on one line.
  static func quoted(_ name: String) -> String {
    let shown = name.unicodeScalars.prefix(80).map { $0.value < 0x20 || $0.value == 0x7F ? "\u{FFFD}" : String($0) }
    return "'\(shown.joined())\(name.unicodeScalars.count > 80 ? "…" : "")'"
  }

  // MARK: writing

  /// Lays tensors out one behind the other, the widest elements first, so that each lies aligned.
  init(laying out: [(name: String, type: StoredType, dimensions: [Int])], metadata: [String: String]) {
    var end = 0
    let order = out.sorted {
      ($1.type.bitCount, ExactName($0.name)) < ($0.type.bitCount, ExactName($1.name))
    }
    for tensor in order {
      guard tensor.name != Self.metadataKey, let byteCount = tensor.type.byteCount(of: tensor.dimensions) else {
        endProcess("A tensor named \(tensor.name) of shape \(tensor.dimensions) cannot be stored")
      }
      tensors.append(
        StoredTensor(
          name: tensor.name, type: tensor.type, dimensions: tensor.dimensions, bytes: end..<end + byteCount))
      end += byteCount
    }
    self.metadata = metadata
  }

  /// The length and the JSON, padded with spaces to a multiple of eight bytes.
  var encoded: [UInt8] {
    var entries: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key < $1.key }.map { "\(JSONText.quoted($0.key)):\(JSONText.quoted($0.value))" }
      entries.append("\(JSONText.quoted(Self.metadataKey)):{\(pairs.joined(separator: ","))}")
    }
    for tensor in tensors {
      let extents = tensor.dimensions.map(String.init).joined(separator: ",")
      entries.append(
        "\(JSONText.quoted(tensor.name)):{\"dtype\":\"\(tensor.type)\",\"shape\":[\(extents)],"
          + "\"data_offsets\":[\(tensor.bytes.lowerBound),\(tensor.bytes.upperBound)]}")
    }
    var json = Array("{\(entries.joined(separator: ","))}".utf8)
    while json.count % 8 != 0 { json.append(UInt8(ascii: " ")) }
    return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Array($0) } + json
  }
}
