import Foundation
import WrongLines

/// A program from Tests/OrderingHarnesses, built with one source file of the package, as it is or with a wrong line.
struct OrderingProgram {
  private let harness: OrderingHarness
  private let executable: URL

  /// Builds `harness` around `file`, in which `line` stands, if any, in a folder of its own.
  init(
    _ harness: OrderingHarness, around file: String, with line: WrongLine? = nil, of copy: PackageCopy, in folder: URL
  )
    throws
  {
    self.harness = harness
    executable = folder.appending(path: "program")
    let companions = Self.companions(of: file, harness: harness.name).map { "Sources/\($0).swift" }
    let sources = try ([file] + companions).enumerated().map { index, file in
      let original = try copy.source(of: file)
      let source = index == 0 ? try line?.apply(to: original) ?? original : original
      let target = folder.appending(path: "Source\(index).swift")
      // All files are of one module here.
      try source.replacing("internal import Threads\n", with: "").replacing("package ", with: "")
        .write(to: target, atomically: true, encoding: .utf8)
      return target
    }
    let programs = ["Tests/OrderingHarnesses/TwoThreads.swift", harness.file]
    let files = sources + programs.map { copy.root.appending(path: $0) }
    let options = harness.sign == .race ? ["-sanitize=thread", "-g"] : ["-O", "-whole-module-optimization"]
    try callCompiler(
      ["-swift-version", "6", "-parse-as-library", "-suppress-warnings", "-o", executable.path] + options
        + files.map(\.path),
      log: folder.appending(path: "swiftc"))
  }

  /// Runs it once.
  func run() throws -> Ending {
    // A race whose first half the sanitizer has forgotten goes unreported: let it remember more.
    try ChildProcess.run(
      [executable.path], output: executable.appendingPathExtension("output"),
      environment: ["TSAN_OPTIONS": "history_size=7 exitcode=\(Self.race)"], limit: 600)
  }

  /// Whether the wrong line shows.
  func shows(_ ending: Ending) -> Bool {
    switch (harness.sign, ending) {
    case (.race, .exited(Self.race)): true
    case (.lostUnits, .exited(let code)): code != 0 && code != Self.race
    case (.lostUnits, .signalled): true
    default: false
    }
  }

  /// The exit code of the Thread Sanitizer.
  private static let race: Int32 = 66

  /// Files within Sources that `file` needs to be compiled.
  private static func companions(of file: String, harness: String) -> [String] {
    let padded = "Threads/PaddedAtomic"
    let companions = [
      "WorkDeque": [padded], "DequeRow": [padded, "DependencyScheduling/Running/Work/WorkDeque"],
      "RunProgress": [padded],
      "RunAttendance": [padded, "DependencyScheduling/Seats/Attendance"],
      "SharedProbe": [padded, "DependencyScheduling/Running/Probe"], "SeatWish": [padded],
    ]
    let others =
      harness == "SleepLitmus"
      ? ["DependencyScheduling/Seats/SeatCounts", "DependencyScheduling/Seats/SharedSeatCounts"] : []
    return (companions[URL(filePath: file).deletingPathExtension().lastPathComponent] ?? []) + others
  }
}

/// Calls `swiftc`, whose output is in `log`.
func callCompiler(_ arguments: [String], log: URL) throws {
  let ending = try ChildProcess.run(["swiftc"] + arguments, output: log, limit: 600)
  guard ending == .exited(0) else {
    throw ChildProcess.Failure(
      description: "swiftc: \(ending)\n\((try? String(contentsOf: log, encoding: .utf8)) ?? "")")
  }
}
