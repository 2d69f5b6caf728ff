import Foundation
import WrongLines

/// Swift Package Manager and the copy's own test program.
struct PackageBench: TestBench {
  let copy: PackageCopy
  private var log: URL { copy.scratch.deletingLastPathComponent().appending(path: "log") }
  private var events: URL { copy.scratch.deletingLastPathComponent().appending(path: "events") }
  private var places: [String] { ["--package-path", copy.root.path, "--scratch-path", copy.scratch.path] }
  private static let buildLimit = 3_600.0

  func build() throws -> Ending {
    // Swift Package Manager passes the traits to the compiler in the order of a set. With an order of its own in each
    // process, every other build would begin from the start.
    try ChildProcess.run(
      ["swift", "build", "--build-tests"] + places, in: copy.root, output: log,
      environment: ["SWIFT_DETERMINISTIC_HASHING": "1"], limit: Self.buildLimit)
  }

  func test(_ names: [TestName], limit: Double) throws -> (log: TestLog, ending: Ending) {
    try? FileManager.default.removeItem(at: events)
    #if os(macOS)
      let command = ["swift", "test", "--skip-build", "--disable-xctest"] + places
    #else
      // The program that `swift test` calls, which itself takes a second to find out that it need not build.
      let program = copy.scratch.appending(path: "debug/AdjointPackageTests.xctest")
      let command = [program.path, "--testing-library", "swift-testing"]
    #endif
    let ending = try ChildProcess.run(
      command + names.flatMap { ["--filter", $0.filter] }
        + ["--event-stream-output-path", events.path, "--event-stream-version", "0"],
      in: copy.root,
      // A crash is told by its signal; a trace of it takes seconds.
      output: log, environment: ["SWIFT_BACKTRACE": "enable=no"], limit: limit)
    return (TestLog((try? String(contentsOf: events, encoding: .utf8)) ?? ""), ending)
  }

  var complaint: String {
    let lines = ((try? String(contentsOf: log, encoding: .utf8)) ?? "").split(separator: "\n")
    let errors = lines.filter { $0.contains("error:") }
    return (errors.isEmpty ? lines.suffix(20) : errors.prefix(5)).joined(separator: "\n")
  }
}
