internal import struct Foundation.Data
internal import struct Foundation.URL

/// An open file that is closed with its last reader.
final class SharedFile {
  let file: OpenFile

  private init(_ file: consuming OpenFile) { self.file = file }
  static func reading(_ path: String) throws(StateFileError) -> SharedFile { SharedFile(try OpenFile.reading(path)) }
  static func reading(_ url: URL) throws(StateFileError) -> SharedFile { SharedFile(try OpenFile.reading(url)) }
}

/// Where the bytes of a file come from: the file, or memory that holds the same.
enum ByteSource {
  // A file of its own in an enum without copies makes the optimizer of Swift 6.3.1 end.
  case file(SharedFile)
  case memory(Data)

  var path: String {
    switch self {
    case .file(let shared): shared.file.path
    case .memory: "the data"
    }
  }

  func byteCount() throws(StateFileError) -> Int {
    switch self {
    case .file(let shared): try shared.file.byteCount()
    case .memory(let data): data.count
    }
  }

  /// Fills `target` with the bytes from `offset` on.
  func read(into target: UnsafeMutableRawBufferPointer, at offset: Int) throws(StateFileError) {
    switch self {
    case .file(let shared): try shared.file.read(into: target, at: offset)
    case .memory(let data):
      guard target.count <= data.count - offset else {
        throw .malformed(path: path, reason: "it ends at byte \(data.count)")
      }
      // A slice of data begins where it was cut.
      let start = data.startIndex + offset
      data.copyBytes(to: target, from: start..<start + target.count)
    }
  }

  /// The `count` bytes from `offset` on.
  func bytes(_ count: Int, at offset: Int) throws(StateFileError) -> [UInt8] {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 8)
    defer { buffer.deallocate() }
    try read(into: buffer, at: offset)
    return Array(buffer)
  }
}
