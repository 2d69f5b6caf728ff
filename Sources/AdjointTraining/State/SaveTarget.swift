internal import LibC

/// Where a save goes: the file that will be there when it is done, and what is there now.
///
/// A save writes a temporary file beside its target, flushes it to disk and gives it the target's name in one step:
/// whoever opens the target finds the old file or the whole new one, also after a power failure. The new file has the
/// old one's permissions, and its owner and group if this process may give them.
struct SaveTarget {
  /// The target behind all symbolic links: a link stays one, and the file that it leads to is replaced.
  let path: String
  /// `path` cut in two behind its last slash; the folder is empty for the current one.
  private let folder: String, name: String
  /// Owner, group and permissions of the file to be replaced; `nil` where there is none.
  private let old: stat?

  /// - Throws: ``StateFileError/system(path:operation:reason:)`` also for what is there and is not a regular file, and
  ///   for a file that is read-only, be it to a user who may write to any.
  init(_ asked: String) throws(StateFileError) {
    path = try Self.followingLinks(asked)
    (folder, name) = Self.cut(path)
    if name.isEmpty { throw .system(asked, "replace", path.isEmpty ? ENOENT : EISDIR) }
    old = try Self.replaceable(path)
  }

  private static func cut(_ path: String) -> (folder: String, name: String) {
    let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    let start = slash.map { path.utf8.index(after: $0) } ?? path.startIndex
    return (String(path[..<start]), String(path[start...]))
  }

  private static func followingLinks(_ asked: String) throws(StateFileError) -> String {
    if asked.utf8.contains(0) { throw .system(asked, "replace", EINVAL) }
    let mostLinks = 40  // as Linux has it; Decisions/Limits.md
    var path = asked
    for _ in 0..<mostLinks {
      var target = [UInt8](repeating: 0, count: Int(PATH_MAX))
      let count = target.withUnsafeMutableBytes { readlink(path, $0.baseAddress!, $0.count) }
      // Not a link, or not there: what is wrong with it, the calls that follow say.
      if count <= 0 { return path }
      guard let text = String(validating: target[..<count], as: UTF8.self) else {
        throw .system(path: path, operation: "follow the link", reason: "it leads to a name that is not UTF-8")
      }
      path = text.utf8.first == UInt8(ascii: "/") ? text : Self.cut(path).folder + text
    }
    throw .system(asked, "replace", ELOOP)
  }

  /// What is known of the file at `path`, if there is one: that it may be replaced.
  private static func replaceable(_ path: String) throws(StateFileError) -> stat? {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      if errno == ENOENT { return nil }
      throw .system(path, "replace", errno)
    }
    // Before it is opened: opening a device or a pipe may do something.
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .system(path: path, operation: "replace", reason: "it is not a regular file")
    }
    let writers: mode_t = status.st_uid == geteuid() ? S_IWUSR : S_IWUSR | S_IWGRP | S_IWOTH
    guard status.st_mode & writers != 0 else {
      throw .system(path: path, operation: "replace", reason: "it is read-only")
    }
    let (descriptor, error) = OpenFile.open(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK)
    if descriptor < 0 { throw .system(path, "replace", error) }
    return try OpenFile(path, descriptor).status()
  }

  // MARK: the temporary file

  /// A new file in the target's folder that no other save uses.
  ///
  /// Its owner holds a lock on it for as long as it is open. A process that is killed lets go of the lock and leaves
  /// the file: the next save to this target finds it without a lock and removes it.
  func makeTemporary() throws(StateFileError) -> OpenFile {
    let mode: mode_t = old == nil ? 0o666 : 0o600
    let mostSaves = 10_000  // to one target at one time, or left over where there are no locks; Decisions/Limits.md
    for number in 0..<mostSaves {
      let path = folder + Self.temporaryName(number, for: name)
      repeat {
        let (descriptor, error) = OpenFile.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode)
        if descriptor >= 0 {
          let file = OpenFile(path, descriptor)
          // Between these two lines another save may have taken it for a leftover.
          if file.lock() != .takenByAnother, try file.isAtItsPath() { return file }
          break
        }
        if error != EEXIST { throw .system(path, "create", error) }
      } while try Self.removeLeftover(path)
    }
    throw .system(folder + Self.temporaryName(0, for: name), "create", EEXIST)
  }

  /// A name no longer than the target's, unless that is short: so one that the file system takes.
  private static func temporaryName(_ number: Int, for name: String) -> String {
    let ending = ".adjoint-partial-\(number)"
    let room = max(name.utf8.count, 64) - ending.utf8.count
    var stem = String.UnicodeScalarView(), length = 0
    for scalar in name.unicodeScalars {
      length += UTF8.width(scalar)
      if length > room { break }
      stem.append(scalar)
    }
    return String(stem) + ending
  }

  /// Whether the file at `path` was left by a save that was killed, and is gone now.
  private static func removeLeftover(_ path: String) throws(StateFileError) -> Bool {
    let (descriptor, error) = OpenFile.open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK)
    if descriptor < 0 { return error == ENOENT }
    let file = OpenFile(path, descriptor)
    guard try file.status().st_mode & S_IFMT == S_IFREG, file.lock() == .taken else { return false }
    // As long as this has the lock nobody else removes or renames it, if it still has that name.
    return try file.isAtItsPath() ? file.removeName() : true
  }

  // MARK: the replacement

  /// Gives `file`, which is complete, the target's place.
  func replace(by file: borrowing OpenFile) throws(StateFileError) {
    if let old { try file.takeOver(old) }
    try file.flush()
    if LibC.rename(file.path, path) != 0 { throw .system(path, "replace", errno) }
  }

  /// Waits until the disk knows the target's new file. In a folder that one may write to and not read, the system does
  /// that when it sees fit.
  func flushFolder() throws(StateFileError) {
    let path = folder.isEmpty ? "." : folder
    let (descriptor, _) = OpenFile.open(path, O_RDONLY | O_DIRECTORY)
    if descriptor >= 0 { try OpenFile(path, descriptor).flush() }
  }
}

extension OpenFile {
  fileprivate enum Lock { case taken, takenByAnother, unsupported }

  /// Asks for the lock that marks a temporary file as in use. It is let go of when the file is closed, also by the end
  /// of the process.
  fileprivate func lock() -> Lock {
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      if errno == EWOULDBLOCK { return .takenByAnother }
      if errno != EINTR { return .unsupported }
    }
    return .taken
  }

  /// Whether its path still leads to it.
  fileprivate func isAtItsPath() throws(StateFileError) -> Bool {
    let own = try status()
    var found = stat()
    return lstat(path, &found) == 0 && found.st_ino == own.st_ino && found.st_dev == own.st_dev
  }

  /// Takes the name from the file; whoever has it open keeps its bytes. False if the system refuses.
  @discardableResult
  func removeName() -> Bool { unlink(path) == 0 || errno == ENOENT }

  /// Takes over owner, group and permissions. Those that would be for another owner or group than they were given to
  /// are left out.
  fileprivate func takeOver(_ old: stat) throws(StateFileError) {
    let own = try status()
    let setUserID: mode_t = 0o4000, setGroupID: mode_t = 0o2000
    var mode = old.st_mode & 0o7777
    if (own.st_uid, own.st_gid) != (old.st_uid, old.st_gid), fchown(descriptor, old.st_uid, old.st_gid) != 0 {
      if own.st_uid != old.st_uid { mode &= ~setUserID }
      let unchanged = uid_t.max
      if own.st_gid != old.st_gid, fchown(descriptor, unchanged, old.st_gid) != 0 {
        let others = mode & 0o007
        mode &= ~(setGroupID | 0o070) | others << 3
      }
    }
    // Last, since a change of the owner or of the bytes takes the bits for set-user-ID away.
    let isOther = try status().st_mode & 0o7777 != mode
    while isOther, fchmod(descriptor, mode) != 0 {
      if errno != EINTR { throw .system(path, "set the permissions of", errno) }
    }
  }
}
