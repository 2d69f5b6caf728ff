import Foundation
import WrongLines

/// What the command line asks for.
struct Options: Equatable {
  var task = Task.trials
  /// Of the chosen lines, how many are drawn; nil: all are tried.
  var sample: Int?
  /// What the draw depends on: a commit's hash.
  var seed = ""
  /// A text in the line's summary, file or tests.
  var only: String?
  /// Names of areas; none: all.
  var areas: [String] = []
  var means: Means?
  /// In how many copies of the package lines are tried at once; nil: as many as pay.
  var copies: Int?
  /// For tests of one wrong line, in seconds.
  var limit = 120.0

  enum Task {
    case trials
    /// Checks that each wrong line applies and that what it names exists; builds nothing.
    case check
    /// Only brings the copy up to date, for tests of it.
    case copy
  }

  /// Which kind of thing notices a line.
  enum Means: String {
    /// Tests of the package.
    case tests
    /// Programs around a few source files.
    case programs
  }

  struct Misuse: Error, CustomStringConvertible {
    let description: String
  }

  static let usage = """
    usage: mutants [--check | --copy] [--only <text>] [--area <name>]… [--caught-by tests|programs]
                   [--sample <count> --seed <commit>] [--copies <count>] [--limit <seconds>]
    """

  init() {}

  init(_ arguments: [String]) throws(Misuse) {
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      func value<Value>(_ parse: (String) -> Value?) throws(Misuse) -> Value {
        guard let text = rest.popFirst() else { throw Misuse(description: "\(argument) needs a value") }
        guard let value = parse(text) else { throw Misuse(description: "\(argument) cannot be \(text)") }
        return value
      }
      switch argument {
      case "--check": task = .check
      case "--copy": task = .copy
      case "--sample": sample = try value { Int($0).flatMap { $0 > 0 ? $0 : nil } }
      case "--seed": seed = try value { $0 }
      case "--only": only = try value { $0 }
      case "--area": areas.append(try value { name in WrongLine.areas.map(\.name).first { $0 == name } })
      case "--caught-by": means = try value(Means.init(rawValue:))
      case "--copies": copies = try value { Int($0).flatMap { $0 > 0 ? $0 : nil } }
      case "--limit": limit = try value { Double($0).flatMap { $0 > 0 ? $0 : nil } }
      default: throw Misuse(description: "unknown argument \(argument)")
      }
    }
    if (sample == nil) != seed.isEmpty { throw Misuse(description: "--sample and --seed go together") }
  }

  /// In how many copies `count` lines are tried. Building a copy takes as long as trying some fifty lines.
  func copies(for count: Int) -> Int {
    copies ?? max(1, min(ProcessInfo.processInfo.activeProcessorCount, count / 150))
  }
}
