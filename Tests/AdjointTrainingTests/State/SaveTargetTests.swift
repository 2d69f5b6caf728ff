import Adjoint
import Foundation
import Testing

@testable import AdjointTraining

/// What a save does to the file that is there: it keeps what is the user's, refuses what is not for it, and leaves
/// nothing that a later save trips over.
@Suite(.timeLimit(.minutes(20))) struct SaveTargetTests {
  private let folder: TemporaryFolder
  private let store: ParameterStore

  init() throws {
    folder = try TemporaryFolder()
    store = try StateFileTests.store(filledWith: 1)
  }

  private func mode(of path: String) throws -> mode_t {
    var status = stat()
    try #require(lstat(path, &status) == 0)
    return status.st_mode & 0o7777
  }

  /// Whether `path` has the store's parameters.
  private func isWhole(_ path: String) throws -> Bool {
    let other = try StateFileTests.store(filledWith: 2)
    try other.load(from: path)
    return try StateFileTests.bits(of: other) == StateFileTests.bits(of: store)
  }

  // MARK: what is the user's

  @Test(arguments: [0o600, 0o640, 0o664, 0o777, 0o4711, 0o2770] as [mode_t])
  func `a file keeps its permissions`(permissions: mode_t) throws {
    let path = folder.file("state")
    try write([1], to: path)
    try #require(chmod(path, permissions) == 0)
    try store.save(to: path)
    #expect(try mode(of: path) == permissions)
    #expect(try isWhole(path))
    #expect(folder.contents == ["state"])
  }

  @Test func `a new file has the permissions that the process's mask leaves`() async {
    await #expect(processExitsWith: .success) {
      let folder = try TemporaryFolder()
      umask(0o027)
      try StateFileTests.store().save(to: folder.file("state"))
      var status = stat()
      #expect(lstat(folder.file("state"), &status) == 0 && status.st_mode & 0o7777 == 0o640)
    }
  }

  @Test(.enabled(if: geteuid() == 0)) func `a file keeps its owner and group`() throws {
    let path = folder.file("state")
    try write([1], to: path)
    try #require(chown(path, 12_345, 54_321) == 0 && chmod(path, 0o6750) == 0)
    try store.save(to: path)
    var status = stat()
    #expect(lstat(path, &status) == 0 && status.st_uid == 12_345 && status.st_gid == 54_321)
    #expect(try mode(of: path) == 0o6750)
  }

  @Test func `a symbolic link stays, and the file that it leads to is replaced`() throws {
    try FileManager.default.createDirectory(atPath: folder.file("deep"), withIntermediateDirectories: false)
    try write([1], to: folder.file("deep/state"))
    try #require(chmod(folder.file("deep/state"), 0o600) == 0)
    symlink("deep/state", folder.file("relative"))
    symlink(folder.file("relative"), folder.file("chain"))
    symlink("../new", folder.file("deep/dangling"))
    for link in ["relative", "chain", "deep/dangling"] {
      let before = try FileManager.default.destinationOfSymbolicLink(atPath: folder.file(link))
      try store.save(to: folder.file(link))
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.file(link)) == before)
      #expect(try isWhole(folder.file(link)))
    }
    #expect(try mode(of: folder.file("deep/state")) == 0o600)
    #expect(try isWhole(folder.file("new")))
    #expect(folder.contents == ["chain", "deep", "new", "relative"])
  }

  @Test func `a save within a folder that a link leads to goes there`() throws {
    try FileManager.default.createDirectory(atPath: folder.file("deep"), withIntermediateDirectories: false)
    symlink("deep", folder.file("short"))
    try store.save(to: folder.file("short/state"))
    #expect(try isWhole(folder.file("deep/state")))
  }

  // MARK: what is refused

  private func expectRefusal(
    _ path: String, _ reason: String, _ location: Testing.SourceLocation = #_sourceLocation
  ) {
    let error = #expect(throws: StateFileError.self, sourceLocation: location) { try store.save(to: path) }
    #expect(error?.description.hasSuffix(": \(reason)") == true, "\(error!)", sourceLocation: location)
  }

  @Test func `what is not a regular file is refused, also behind a link`() throws {
    mkfifo(folder.file("pipe"), 0o666)
    try FileManager.default.createDirectory(atPath: folder.file("folder"), withIntermediateDirectories: false)
    symlink("pipe", folder.file("link"))
    symlink("/dev/null", folder.file("null"))
    symlink("folder", folder.file("inner"))
    for name in ["pipe", "folder", "link", "null", "inner"] {
      expectRefusal(folder.file(name), "it is not a regular file")
    }
    var status = stat()
    #expect(lstat(folder.file("pipe"), &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
    #expect(lstat("/dev/null", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
    #expect(folder.contents == ["folder", "inner", "link", "null", "pipe"])
  }

  @Test func `links that lead nowhere, and names that are none, are refused`() throws {
    symlink("b", folder.file("a"))
    symlink("a", folder.file("b"))
    expectRefusal(folder.file("a"), String(cString: strerror(ELOOP)))
    for name in ["absent/", "/"] { expectRefusal(folder.file(name), String(cString: strerror(EISDIR))) }
    expectRefusal(folder.file("state\0.hidden"), String(cString: strerror(EINVAL)))
    expectRefusal("", String(cString: strerror(ENOENT)))
    #expect(folder.contents == ["a", "b"])
  }

  @Test(arguments: [0o400, 0o444, 0o555] as [mode_t])
  func `a read-only file is refused, also to who may write to any`(permissions: mode_t) throws {
    let path = folder.file("state")
    try write([1, 2, 3], to: path)
    try #require(chmod(path, permissions) == 0)
    symlink("state", folder.file("link"))
    expectRefusal(path, "it is read-only")
    expectRefusal(folder.file("link"), "it is read-only")
    #expect(try bytes(of: path) == [1, 2, 3])
    #expect(folder.contents == ["link", "state"])
  }

  // MARK: names

  @Test func `a name may be as long as the file system takes`() throws {
    let longest = 255
    for name in [String(repeating: "a", count: longest), String(repeating: "é", count: longest / 2) + "a"] {
      let path = folder.file(name)
      try store.save(to: path)
      try store.save(to: path)
      #expect(try isWhole(path))
      try #require(unlink(path) == 0)
    }
    #expect(folder.contents == [])
  }

  // MARK: what others leave, and saves at one time

  @Test func `what a killed save leaves does not stop the next one, which removes it`() async throws {
    let path = folder.file("state")
    for _ in 0..<2 {
      await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
        let store = try StateFileTests.store(filledWith: 7)
        try store.save(store.names, to: path, metadata: [:]) { name in
          if name == "scalar" { kill(getpid(), SIGKILL) }
        }
      }
    }
    #expect(folder.contents.count == 1 && folder.contents != ["state"])  // one leftover, not one a kill
    try store.save(to: path)
    #expect(folder.contents == ["state"])
    #expect(try isWhole(path))
  }

  @Test func `leftovers of any number, and what only looks like one, do not stop a save`() throws {
    let path = folder.file("state")
    for number in [0, 1, 2, 4] { try write([1], to: path + ".adjoint-partial-\(number)") }
    try #require(unlink(path + ".adjoint-partial-1") == 0)
    mkfifo(path + ".adjoint-partial-1", 0o600)
    try store.save(to: path)
    #expect(try isWhole(path))
    #expect(!folder.contents.contains("state.adjoint-partial-0"))
    #expect(folder.contents.contains("state.adjoint-partial-1"))
  }

  @Test func `saves to one path at one time do not meet`() throws {
    let path = folder.file("state")
    let other = try StateFileTests.store(filledWith: 2)
    var inner = 0
    try store.save(store.names, to: path, metadata: [:]) { _ in
      try other.save(to: path)
      inner += 1
    }
    #expect(inner == store.names.count)
    #expect(try isWhole(path))
    #expect(folder.contents == ["state"])
  }

  @Test func `a name given twice is written once`() throws {
    try store.save(["wide", "scalar", "wide"], to: folder.file("state"))
    #expect(try TensorFile(opening: folder.file("state")).tensors.map(\.name) == ["wide", "scalar"])
  }
}
