internal import struct Foundation.URL
internal import LibC

/// A file of the operating system, closed when it goes out of scope. The system calls on files are here and in
/// ``SaveTarget``; each is repeated when a signal interrupts it.
struct OpenFile: ~Copyable {
  let path: String
  let descriptor: CInt

  init(_ path: String, _ descriptor: CInt) {
    self.path = path
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// The descriptor, or -1 and the number of the error. A file that this makes has the permissions `mode`, without
  /// those of the process's mask.
  static func open(_ path: String, _ flags: CInt, _ mode: mode_t = 0) -> (descriptor: CInt, error: CInt) {
    // A C string would end there, and name another file.
    if path.utf8.contains(0) { return (-1, EINVAL) }
    while true {
      let descriptor = LibC.open(path, flags | O_CLOEXEC, mode)
      let error = errno
      if descriptor >= 0 || error != EINTR { return (descriptor, error) }
    }
  }

  /// - Throws: ``StateFileError/system(path:operation:reason:)``, also for what is no regular file.
  static func reading(_ path: String) throws(StateFileError) -> OpenFile {
    // A pipe would otherwise make the call wait for a writer.
    let (descriptor, error) = open(path, O_RDONLY | O_NONBLOCK)
    if descriptor < 0 { throw .system(path, "open", error) }
    let file = OpenFile(path, descriptor)
    guard try file.status().st_mode & S_IFMT == S_IFREG else {
      throw .system(path: path, operation: "open", reason: "it is not a regular file")
    }
    return file
  }

  static func reading(_ url: URL) throws(StateFileError) -> OpenFile {
    guard url.isFileURL else {
      throw .system(path: url.absoluteString, operation: "open", reason: "it is not the URL of a file")
    }
    return try reading(url.path)
  }

  func status() throws(StateFileError) -> stat {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system(path, "inspect", errno) }
    return status
  }

  func byteCount() throws(StateFileError) -> Int { Int(try status().st_size) }

  /// Fills `target` with the bytes from `offset` on.
  func read(into target: UnsafeMutableRawBufferPointer, at offset: Int) throws(StateFileError) {
    var done = 0
    while done < target.count {
      let count = pread(descriptor, target.baseAddress! + done, target.count - done, off_t(offset + done))
      if count < 0 {
        if errno != EINTR { throw .system(path, "read", errno) }
      } else if count == 0 {
        throw .malformed(path: path, reason: "it ends at byte \(offset + done)")
      } else {
        done += count
      }
    }
  }

  /// Appends `bytes`.
  func write(_ bytes: UnsafeRawBufferPointer) throws(StateFileError) {
    var done = 0
    while done < bytes.count {
      let count = LibC.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
      if count >= 0 { done += count } else if errno != EINTR { throw .system(path, "write", errno) }
    }
  }

  /// Waits until the disk has everything.
  func flush() throws(StateFileError) {
    #if canImport(Darwin)
      if fcntl(descriptor, F_FULLFSYNC) == 0 { return }
    #endif
    while fsync(descriptor) != 0 {
      if errno != EINTR { throw .system(path, "flush", errno) }
    }
  }
}

extension StateFileError {
  /// What a system call's error number says.
  static func system(_ path: String, _ operation: String, _ number: CInt) -> StateFileError {
    .system(path: path, operation: operation, reason: String(cString: strerror(number)))
  }
}
