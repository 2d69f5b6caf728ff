internal import Adjoint
public import struct Foundation.Data
public import struct Foundation.URL

/// A safetensors file, open for reading: tensors by name, and metadata.
///
/// ```swift
/// let file = try TensorFile(opening: "digits.safetensors")
/// for tensor in file.tensors { print(tensor.name, tensor.type, tensor.dimensions) }
/// ```
/// Opening checks all of the header against the file's length before anything is believed: a truncated, lying or
/// hostile file is a ``StateFileError/malformed(path:reason:)``, and never takes more memory than the file has bytes.
/// What the kit writes opens in Python's `safetensors`, and the other way round.
public struct TensorFile: ~Copyable {
  /// What errors call the file.
  var path: String { file.path }
  /// In the order of their bytes.
  public private(set) var tensors: [StoredTensor]
  public let metadata: [String: String]
  private let file: ByteSource
  private let dataStart: Int
  /// Tensors that are read as the roots of what the file holds.
  private var squares: Set<ExactName> = []

  var tensorsByName: [ExactName: StoredTensor] {
    // The header was refused if any name came twice.
    Dictionary(uniqueKeysWithValues: tensors.map { (ExactName($0.name), $0) })
  }

  /// - Complexity: O(header).
  public init(opening path: String) throws(StateFileError) { try self.init(.file(.reading(path))) }

  /// - Throws: ``StateFileError/system(path:operation:reason:)`` also for what is not the URL of a file.
  public init(opening url: URL) throws(StateFileError) { try self.init(.file(.reading(url))) }

  /// What lies in memory as it would in a file. Errors call it "the data".
  public init(_ data: Data) throws(StateFileError) { try self.init(.memory(data)) }

  private init(_ file: consuming ByteSource) throws(StateFileError) {
    let (header, dataStart) = try Self.header(of: file)
    tensors = header.tensors
    metadata = header.metadata
    self.dataStart = dataStart
    self.file = file
  }

  /// Finds those of `names` that the file lacks in what an earlier version wrote instead: see ``EarlierState``.
  mutating func adoptEarlierState(for names: [String]) {
    let places = Dictionary(uniqueKeysWithValues: tensors.enumerated().map { (ExactName($0.element.name), $0.offset) })
    for name in names where places[ExactName(name)] == nil {
      guard let earlier = EarlierState.nameOfSquare(of: name), let place = places[ExactName(earlier)] else { continue }
      let tensor = tensors[place]
      tensors[place] = StoredTensor(
        name: name, type: tensor.type, dimensions: tensor.dimensions, bytes: tensor.bytes)
      squares.insert(ExactName(name))
    }
  }

  private static func header(
    of file: borrowing ByteSource
  ) throws(StateFileError) -> (header: TensorFileHeader, dataStart: Int) {
    let byteCount = try file.byteCount()
    if byteCount < 8 {
      throw .malformed(path: file.path, reason: "it has \(byteCount) bytes, and eight tell the header's length")
    }
    let length = try file.bytes(8, at: 0).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(min(byteCount - 8, TensorFileHeader.largestByteCount)) else {
      throw .malformed(
        path: file.path,
        reason: "its header would have \(length) bytes, of \(byteCount - 8) that follow and "
          + "\(TensorFileHeader.largestByteCount) at most")
    }
    let dataStart = 8 + Int(length)
    let json = try file.bytes(Int(length), at: 8)
    do throws(Malformed) {
      return (try TensorFileHeader(parsing: json, dataByteCount: byteCount - dataStart), dataStart)
    } catch {
      throw .malformed(path: file.path, reason: error.reason)
    }
  }

  /// The bytes of one tensor, as they lie in the file: little-endian elements, row-major.
  public func read(_ tensor: StoredTensor) throws(StateFileError) -> [UInt8] {
    try file.bytes(tensor.bytes.count, at: dataStart + tensor.bytes.lowerBound)
  }

  /// Fills `target` with the bytes of one tensor, which are as many. Those of truth values are 0 or 1.
  func read(_ tensor: StoredTensor, into target: inout MutableRawSpan) throws(StateFileError) {
    precondition(target.byteCount == tensor.bytes.count, "A tensor of \(tensor.bytes.count) bytes fills as many")
    var failure: StateFileError?
    target.withUnsafeMutableBytes { bytes in
      do throws(StateFileError) {
        try file.read(into: bytes, at: dataStart + tensor.bytes.lowerBound)
        if tensor.type == .bool, let place = bytes.firstIndex(where: { $0 > 1 }) {
          throw .malformed(
            path: file.path,
            reason:
              "element \(place) of \(TensorFileHeader.quoted(tensor.name)) is \(bytes[place]), and a BOOL is 0 or 1")
        }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    if squares.contains(ExactName(tensor.name)) { EarlierState.takeRoots(of: &target, tensor.type) }
  }

  /// Writes a file of `tensors` to `path`, which has the old file or the whole new one at all times: see
  /// ``SaveTarget``.
  ///
  /// - Parameter bytes: calls its second argument with the bytes of each tensor, in the order of the first.
  static func write(
    _ tensors: [(name: String, type: StoredType, dimensions: [Int])], metadata: [String: String], to path: String,
    bytes: (_ names: [String], _ write: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
  ) throws {
    let header = TensorFileHeader(laying: tensors, metadata: metadata)
    let encoded = header.encoded
    if encoded.count - 8 > TensorFileHeader.largestByteCount {
      throw StateFileError.unavailable("a header of \(encoded.count - 8) bytes is more than safetensors files have")
    }
    let target = try SaveTarget(path)
    let file = try target.makeTemporary()
    do {
      try encoded.withUnsafeBytes { try file.write($0) }
      try bytes(header.tensors.map(\.name)) { try file.write($0) }
      try target.replace(by: file)
    } catch {
      file.removeName()
      throw error
    }
    try target.flushFolder()
  }
}
