import Foundation
import WrongLines

/// The walk through all interleavings of the protocol of waking as a program of its own, built around the protocol as
/// it is or with a wrong line.
///
/// The walk is compiled once, against the protocol as it is. A wrong line changes what functions do and not how they
/// are called, so that only the protocol's three files are compiled again, and linked with the walk. The module that
/// the walk is compiled against is not optimised: nothing of it is inlined into the walk.
struct WakingProgram {
  private static let files = ["SeatCounts", "Attendance", "Search"].map {
    "Sources/DependencyScheduling/Seats/\($0).swift"
  }
  private let copy: PackageCopy
  private let walk: URL

  /// Builds the walk in `folder`.
  init(of copy: PackageCopy, in folder: URL) throws {
    self.copy = copy
    walk = folder.appending(path: "walk.o")
    let module = folder.appending(path: "DependencyScheduling.swiftmodule")
    _ = try compileProtocol(with: nil, in: folder, ["-emit-module-path", module.path, "-Onone"])
    let tests = copy.root.appending(path: "Tests")
    let models = tests.appending(path: "DependencySchedulingTests/Waking")
    let names = try FileManager.default.contentsOfDirectory(atPath: models.path).filter { name in
      ["WakingWorld", "WakingScenario", "WakingWalk", "SearchTable", "StateTable"].contains { name.hasPrefix($0) }
    }
    let files = names.sorted().map { models.appending(path: $0) }
    try Self.compile(
      "Walk", files + [tests.appending(path: "OrderingHarnesses/WakingHarness.swift")], to: walk,
      ["-I", folder.path])
  }

  /// Builds the protocol in `folder`, with `line`, if any, and walks: exit code 0 if nothing is wrong.
  func run(with line: WrongLine?, in folder: URL) throws -> Ending {
    let object = try compileProtocol(with: line, in: folder)
    let program = folder.appending(path: "program")
    try callCompiler(["-o", program.path, object.path, walk.path], log: folder.appending(path: "swiftc"))
    return try ChildProcess.run([program.path], output: folder.appending(path: "output"), limit: 600)
  }

  private func compileProtocol(with line: WrongLine?, in folder: URL, _ options: [String] = []) throws -> URL {
    let files = try Self.files.map { name in
      let original = try copy.source(of: name)
      let source = line?.file == name ? try line!.apply(to: original) : original
      let file = folder.appending(path: URL(filePath: name).lastPathComponent)
      // All of it is of one module here.
      try source.replacing("package ", with: "").write(to: file, atomically: true, encoding: .utf8)
      return file
    }
    let object = folder.appending(path: "protocol.o")
    try Self.compile("DependencyScheduling", files, to: object, options + ["-enable-testing", "-suppress-warnings"])
    return object
  }

  private static func compile(_ module: String, _ files: [URL], to object: URL, _ options: [String]) throws {
    try callCompiler(
      ["-swift-version", "6", "-O", "-whole-module-optimization", "-parse-as-library", "-module-name", module]
        + options + ["-c", "-o", object.path] + files.map(\.path),
      log: object.appendingPathExtension("swiftc"))
  }
}
