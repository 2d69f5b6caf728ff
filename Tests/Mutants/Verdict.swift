import WrongLines

/// How a process ended.
enum Ending: Equatable, CustomStringConvertible {
  case exited(Int32)
  case signalled(Int32)
  /// It took longer than it may, and was killed.
  case timedOut

  var description: String {
    switch self {
    case .exited(let code): "exit code \(code)"
    case .signalled(let signal): "signal \(signal)"
    case .timedOut: "no end within the time limit"
    }
  }
}

/// What became of a wrong line.
enum Verdict: Equatable {
  /// What should notice it did; how.
  case caught(String)
  /// It did not.
  case missed(String)
  /// The line could not be tried: the entry must be mended.
  case invalid(String)

  /// Of a run of the tests that `name` stands for, and of no others.
  ///
  /// A line is caught by a test that fails; or by a process that crashes or exits with an error, as a watchdog makes it
  /// do, once one of these tests has begun. A hang that the driver must end is not enough: whoever changes the sources
  /// would wait for ever.
  init(_ log: TestLog, _ ending: Ending, of name: TestName) {
    let log = log.part(of: name)
    if let test = log.failed.min() {
      self = .caught("\(shortName(of: test)) fails")
    } else if log.started.isEmpty {
      self = .invalid("no test of \(name) began: \(ending)")
    } else {
      self =
        switch ending {
        case .exited(0): .missed("\(name) passes")
        case .timedOut: .missed("\(name) hangs, and no limit of its own ends it")
        case .exited, .signalled: .caught("\(shortName(of: log.started.last!)) or one before: \(ending)")
        }
    }
  }

  /// Why a line cannot be tried with the tests that `name` stands for, after a run of them on the sources as they are.
  static func obstacle(_ log: TestLog, _ ending: Ending, of name: TestName) -> String? {
    let part = log.part(of: name)
    if let test = part.failed.min() { return "without it, \(shortName(of: test)) fails" }
    if part.started.isEmpty { return "no test of \(name) ran: \(ending)" }
    switch ending {
    case .exited(0): return nil
    // Tests of other names failed; all have run.
    case .exited where !log.failed.isEmpty: return nil
    default: return "without it, the tests end with \(ending)"
    }
  }
}

/// "ATests.Suite/`it holds`" of "ATests.Suite/`it holds`()/Suite.swift:9:4".
func shortName(of identifier: String) -> String {
  identifier.firstRange(of: identifier.contains("`(") ? "`(" : "(").map {
    String(identifier[..<$0.upperBound].dropLast())
  } ?? identifier
}
