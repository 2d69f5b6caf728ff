import Foundation
import WrongLines

/// Tries wrong lines: puts each into a copy of the package by itself, and sees whether what should notice it does.
///
/// Exit code 0: all are caught. 1: one is not, or could not be tried. 2: the command line is wrong.
@main struct Mutants {
  static func main() {
    let options: Options
    do { options = try Options(Array(CommandLine.arguments.dropFirst())) } catch {
      say("\(error)\n\(Options.usage)")
      exit(2)
    }
    do {
      let package = URL(filePath: FileManager.default.currentDirectoryPath)
      let entries = options.selection(from: Entry.all(of: WrongLine.areas))
      guard !entries.isEmpty || options.task == .copy else {
        throw Options.Misuse(description: "no line of the list is chosen")
      }
      let isClean =
        switch options.task {
        case .check: try check(entries, package)
        case .copy: try withCopy(of: package) { _ in true }
        case .trials: try tryAll(entries, package, options)
        }
      exit(isClean ? 0 : 1)
    } catch {
      say("\(error)")
      exit(1)
    }
  }

  private static func check(_ entries: [Entry], _ package: URL) throws -> Bool {
    let check = try ListCheck(of: package)
    let problems = entries.compactMap { entry in check.problem(with: entry.line).map { "\(entry.line)\n  \($0)" } }
    for problem in problems { say(problem) }
    say("wrong lines that apply: \(entries.count - problems.count) of \(entries.count)")
    return problems.isEmpty
  }

  private static func tryAll(_ entries: [Entry], _ package: URL, _ options: Options) throws -> Bool {
    var trials: [Trial] = []
    func tell(_ trial: Trial) {
      trials.append(trial)
      say("[\(trials.count)/\(entries.count)] \(trial.description)")
    }
    try withCopy(of: package) { copy in
      let check = try ListCheck(of: copy.root)
      var fitting: [Entry] = []
      for entry in entries {
        if let problem = check.problem(with: entry.line) {
          tell(Trial(entry: entry, verdict: .invalid(problem)))
        } else {
          fitting.append(entry)
        }
      }
      let (tests, programs) = (fitting.filter(\.isByTests), fitting.filter { !$0.isByTests })
      try ProgramTrials(copy: copy).run(programs, tell: tell)
      let copies =
        try [copy]
        + (1..<options.copies(for: tests.count)).map { number in
          let another = PackageCopy(in: package.appending(path: ".build-mutants/\(number + 1)"))
          try another.update(from: package)
          return another
        }
      try TestTrials(benches: copies.map { PackageBench(copy: $0) }, limit: options.limit).run(tests, tell: tell)
    }
    let report = Report(trials: trials)
    say(report.description)
    return report.isClean
  }

  /// Calls `body` with an up-to-date copy of `package`, in which this process works from then on.
  private static func withCopy<Result>(of package: URL, _ body: (PackageCopy) throws -> Result) throws -> Result {
    let folder = package.appending(path: ".build-mutants")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    // Two drivers would change one copy: the second ends.
    let lock = open(folder.appending(path: "lock").path, O_CREAT | O_RDWR | O_CLOEXEC, 0o644)
    defer { close(lock) }
    guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      throw ChildProcess.Failure(description: "another run of mutants uses \(folder.path)")
    }
    ChildProcess.endOnInterrupt()
    let copy = PackageCopy(in: folder)
    try copy.update(from: package)
    guard FileManager.default.changeCurrentDirectoryPath(copy.root.path) else {
      throw ChildProcess.Failure(description: "cannot enter \(copy.root.path)")
    }
    return try body(copy)
  }
}
