import Foundation

/// A copy of the package's files, in which wrong lines are tried and nothing else is.
///
/// It stays between runs with what was built in it, and is brought up to date by content: files that are the same keep
/// their times, so that little is built again. What tests made for later in folders called .build stays. A wrong line
/// that an interrupted run left in it is taken back by that.
struct PackageCopy {
  let root: URL
  /// Where it is built.
  let scratch: URL

  /// - Parameter folder: What belongs to the driver; the copy is in it.
  init(in folder: URL) {
    root = folder.appending(path: "copy")
    scratch = folder.appending(path: "scratch")
  }

  /// Makes the copy what `package` is now, changes that are not committed included.
  func update(from package: URL) throws {
    let folder = root.deletingLastPathComponent()
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let log = folder.appending(path: "files")
    let ending = try ChildProcess.run(
      ["git", "-C", package.path, "ls-files", "-z", "--cached", "--others", "--exclude-standard"], output: log,
      limit: 60)
    guard ending == .exited(0) else { throw ChildProcess.Failure(description: "git ls-files: \(ending)") }
    let names = Set(try String(contentsOf: log, encoding: .utf8).split(separator: "\0").map(String.init))
    try update(from: package, files: names)
  }

  func update(from package: URL, files names: Set<String>) throws {
    let manager = FileManager.default
    try manager.createDirectory(at: root, withIntermediateDirectories: true)
    for name in try manager.subpathsOfDirectory(atPath: root.path)
    where !names.contains(name) && !name.hasPrefix(".build") {
      let path = root.appending(path: name).path
      var isFolder: ObjCBool = false
      guard manager.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else { continue }
      try manager.removeItem(atPath: path)
    }
    // Headers last: what imports them is there by then.
    for name in names.sorted(by: { !$0.hasSuffix(".h") && $1.hasSuffix(".h") }) {
      let source = package.appending(path: name), target = root.appending(path: name)
      guard let content = manager.contents(atPath: source.path) else {
        // Deleted, and not yet so for git.
        try? manager.removeItem(at: target)
        continue
      }
      guard content != manager.contents(atPath: target.path) else { continue }
      try manager.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
      try content.write(to: target)
      let mode = try manager.attributesOfItem(atPath: source.path)[.posixPermissions]
      if let mode { try manager.setAttributes([.posixPermissions: mode], ofItemAtPath: target.path) }
      try touchImporters(of: name)
    }
  }

  func source(of file: String) throws -> String {
    try String(contentsOf: root.appending(path: file), encoding: .utf8)
  }

  func write(_ source: String, to file: String) throws {
    try Data(source.utf8).write(to: root.appending(path: file))
    try touchImporters(of: file)
  }

  /// Has the files compiled again that import the module of a header in C: Swift Package Manager does not look at the
  /// headers of a system library.
  private func touchImporters(of file: String) throws {
    let folders = file.split(separator: "/")
    guard file.hasSuffix(".h"), folders.count > 2, folders[0] == "Sources" else { return }
    let module = folders[1]
    let manager = FileManager.default, sources = root.appending(path: "Sources")
    for name in try manager.subpathsOfDirectory(atPath: sources.path) where name.hasSuffix(".swift") {
      let path = sources.appending(path: name).path
      let text = try String(contentsOfFile: path, encoding: .utf8)
      guard text.contains("import \(module)\n") else { continue }
      try manager.setAttributes([.modificationDate: Date()], ofItemAtPath: path)
    }
  }
}
