public import struct Foundation.Data
public import struct Foundation.URL

/// The arrays of a file of `numpy.savez`, by name.
///
/// ```swift
/// let digits = try NumPyArchive(opening: "mnist.npz")
/// let images = try digits.array("x_train")
/// ```
/// What `numpy.savez_compressed` writes is a ``StateFileError/malformed(path:reason:)`` which says so: write it again
/// with `numpy.savez`.
public struct NumPyArchive: ~Copyable {
  /// In the order of the file.
  public let names: [String]
  private let file: ByteSource
  private let entries: [String: ZIPEntry]

  /// - Complexity: O(entries).
  public init(opening path: String) throws(StateFileError) { try self.init(.file(.reading(path))) }

  /// - Throws: ``StateFileError/system(path:operation:reason:)`` also for what is not the URL of a file.
  public init(opening url: URL) throws(StateFileError) { try self.init(.file(.reading(url))) }

  /// What lies in memory as it would in a file. Errors call it "the data".
  public init(_ data: Data) throws(StateFileError) { try self.init(.memory(data)) }

  private init(_ file: consuming ByteSource) throws(StateFileError) {
    let found: [ZIPEntry]
    do throws(Malformed) { found = try ZIPEntry.all(of: file) } catch {
      throw .malformed(path: file.path, reason: error.reason)
    }
    var entries: [String: ZIPEntry] = [:]
    var names: [String] = []
    for entry in found where entry.name.hasSuffix(".npy") {
      let name = String(entry.name.dropLast(4))
      guard entries.updateValue(entry, forKey: name) == nil else {
        throw .malformed(path: file.path, reason: "it has \(TensorFileHeader.quoted(entry.name)) twice")
      }
      names.append(name)
    }
    self.names = names
    self.entries = entries
    self.file = file
  }

  /// The array of that name, whose bytes are read now.
  ///
  /// - Throws: ``StateFileError/unavailable(_:)`` if there is none,
  ///   ``StateFileError/malformed(path:reason:)`` if it is compressed, or not sound.
  /// - Complexity: O(bytes of the array).
  public func array(_ name: String) throws(StateFileError) -> NumPyArray {
    guard let entry = entries[name] else {
      throw .unavailable("\(file.path) has no array \(TensorFileHeader.quoted(name)); it has \(names)")
    }
    let path = "\(TensorFileHeader.quoted(name)) of \(file.path)"
    let place: Range<Int>
    do throws(Malformed) { place = try entry.contents(in: file) } catch {
      throw .malformed(path: path, reason: error.reason)
    }
    return try NumPyArray(file, place, called: path)
  }
}
