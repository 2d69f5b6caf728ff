import Foundation
import Testing

@testable import mutants

/// Processes that the driver starts.
@Suite(.timeLimit(.minutes(20))) struct ChildProcessTests {
  static let hasFlock = FileManager.default.isExecutableFile(atPath: "/usr/bin/flock")

  private func run(
    _ script: String, limit: Double = 600, environment: [String: String] = [:]
  ) throws -> (ending: Ending, output: String) {
    try withFolder { (folder) throws in
      let output = folder.appending(path: "output")
      let ending = try ChildProcess.run(
        ["sh", "-c", script], output: output, environment: environment, limit: limit)
      return (ending, try String(contentsOf: output, encoding: .utf8))
    }
  }

  @Test func `a process's end and output are told`() throws {
    let (ending, output) = try run("echo out; echo error >&2")
    #expect(ending == .exited(0))
    #expect(output == "out\nerror\n")
    #expect(try run("exit 66").ending == .exited(66))
    #expect(try run("kill -SEGV $$").ending == .signalled(SIGSEGV))
    #expect(try run("echo $WORD", environment: ["WORD": "given"]).output == "given\n")
  }

  @Test(.enabled(if: Self.hasFlock)) func `one that takes too long ends with all that it has started`() throws {
    // The child of the child holds the lock for as long as it lives.
    try withFolder { (folder) throws in
      let lock = folder.appending(path: "lock").path
      // In the same group, and in one of its own, as the compiler's jobs are.
      for script in ["flock \(lock) sleep 1000 & wait", "setsid flock \(lock) sleep 1000 & wait"] {
        #expect(try run(script, limit: 0.5).ending == .timedOut)
        #expect(try run("flock \(lock) echo free").output == "free\n")
      }
    }
  }

  @Test(.enabled(if: Self.hasFlock)) func `one that ends leaves nothing running`() throws {
    try withFolder { (folder) throws in
      let lock = folder.appending(path: "lock").path
      let script =
        "(flock 9; touch \(lock).held; sleep 1000) 9>\(lock) & until [ -e \(lock).held ]; do sleep 0.01; done"
      #expect(try run(script).ending == .exited(0))
      #expect(try run("flock \(lock) echo free").output == "free\n")
    }
  }

  @Test func `a program that is not there is an error`() throws {
    try withFolder { (folder) throws in
      #expect(throws: ChildProcess.Failure.self) {
        try ChildProcess.run(["no-such-program"], output: folder.appending(path: "output"), limit: 1)
      }
    }
  }
}
