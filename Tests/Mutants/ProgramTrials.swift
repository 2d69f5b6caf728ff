import Foundation
import WrongLines

/// Tries wrong lines that show in programs around a few source files: as many at once as there are processors.
struct ProgramTrials {
  let copy: PackageCopy
  /// Where programs are built.
  private var folder: URL { copy.scratch.deletingLastPathComponent().appending(path: "programs") }

  /// Most weakened orderings show each time. Some need both threads to meet within nanoseconds, which a busy machine
  /// prevents: each is tried for so many seconds at most.
  private static let patience = 60.0

  /// Tries `entries`, and passes each result to `tell` at once, from one thread at a time.
  func run(_ entries: [Entry], tell: (Trial) -> Void) throws {
    guard !entries.isEmpty else { return }
    try? FileManager.default.removeItem(at: folder)
    defer { try? FileManager.default.removeItem(at: folder) }
    let walk =
      try entries.contains { $0.line.proof == .walk }
      ? WakingProgram(of: copy, in: makeFolder("walk")) : nil
    let originals = Array(Set(entries.map { Original($0.line) }))
    let lock = NSLock()
    nonisolated(unsafe) var obstacles: [Original: String] = [:]  // because `lock` guards it
    DispatchQueue.concurrentPerform(iterations: originals.count) { number in
      let obstacle = obstacle(originals[number], walk, "original-\(number)")
      lock.withLock { obstacles[originals[number]] = obstacle }
    }
    withoutActuallyEscaping(tell) { tell in
      nonisolated(unsafe) let tell = tell  // because `lock` guards the calls
      DispatchQueue.concurrentPerform(iterations: entries.count) { number in
        let entry = entries[number]
        let obstacle = lock.withLock { obstacles[Original(entry.line)] }
        let trial = obstacle.map { Trial(entry: entry, verdict: .invalid($0)) } ?? trial(entry, walk, "\(number)")
        lock.withLock { tell(trial) }
      }
    }
  }

  /// A program without a wrong line.
  private struct Original: Hashable {
    let proof: WrongLine.Proof
    /// The file that an ordering's program is built around.
    let file: String

    init(_ line: WrongLine) {
      proof = line.proof
      file = proof == .walk ? "" : line.file
    }
  }

  /// Why lines cannot be tried: what is wrong without them.
  private func obstacle(_ original: Original, _ walk: WakingProgram?, _ name: String) -> String? {
    do {
      let own = try makeFolder(name)
      defer { try? FileManager.default.removeItem(at: own) }
      let ending =
        switch original.proof {
        case .walk: try walk!.run(with: nil, in: own)
        case .ordering(let harness):
          try OrderingProgram(harness, around: original.file, of: copy, in: own).run()
        case .tests: Ending.exited(0)
        }
      return ending == .exited(0) ? nil : "without it, \(ending)"
    } catch {
      return "without it, \(error)"
    }
  }

  private func trial(_ entry: Entry, _ walk: WakingProgram?, _ name: String) -> Trial {
    do {
      let own = try makeFolder(name)
      defer { try? FileManager.default.removeItem(at: own) }
      switch entry.line.proof {
      case .walk:
        let (ending, time) = try timed { try walk!.run(with: entry.line, in: own) }
        let verdict: Verdict =
          switch ending {
          case .exited(0): .missed("the walk finds nothing wrong")
          case .timedOut: .missed("the walk does not end")
          case .exited, .signalled: .caught("the walk: \(ending)")
          }
        return Trial(entry: entry, verdict: verdict, running: time)
      case .ordering(let harness):
        let (program, building) = try timed {
          try OrderingProgram(harness, around: entry.line.file, with: entry.line, of: copy, in: own)
        }
        let end = ContinuousClock.now + .seconds(Self.patience)
        let (verdict, running) = try timed {
          var last = Ending.exited(0)
          repeat {
            last = try program.run()
            if program.shows(last) { return Verdict.caught("\(harness.name): \(last)") }
          } while ContinuousClock.now < end
          return .missed("\(harness.name): \(last)")
        }
        return Trial(entry: entry, verdict: verdict, building: building, running: running)
      case .tests: preconditionFailure("tests are tried by TestTrials")
      }
    } catch {
      return Trial(entry: entry, verdict: .invalid("\(error)"))
    }
  }

  private func makeFolder(_ name: String) throws -> URL {
    let own = folder.appending(path: name)
    try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
    return own
  }
}
