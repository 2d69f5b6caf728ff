import Foundation
import WrongLines

/// What was found out about a wrong line, and how long that took.
struct Trial {
  let entry: Entry
  let verdict: Verdict
  var building = 0.0
  var running = 0.0

  var isCaught: Bool { if case .caught = verdict { true } else { false } }

  /// A line of the report.
  var description: String {
    let (word, reason) =
      switch verdict {
      case .caught(let how): ("caught", how)
      case .missed(let how): ("MISSED", how)
      case .invalid(let why): ("ERROR", why)
      }
    let times = String(format: "%5.1f s + %5.1f s", building, running)
    return "\(word.padded(to: 6)) \(times)  \(entry.area): \(entry.line)\n       \(reason)"
  }
}

/// What all trials come to.
struct Report {
  let trials: [Trial]

  var isClean: Bool { trials.allSatisfy(\.isCaught) }

  /// A row for each area and module; what was not caught once more; the count.
  var description: String {
    var rows: [(area: String, module: String, caught: Int, of: Int)] = []
    for trial in trials {
      let parts = trial.entry.line.file.split(separator: "/")
      let module = parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : String(parts[0])
      if let row = rows.firstIndex(where: { $0.area == trial.entry.area && $0.module == module }) {
        rows[row].caught += trial.isCaught ? 1 : 0
        rows[row].of += 1
      } else {
        rows.append((trial.entry.area, module, trial.isCaught ? 1 : 0, 1))
      }
    }
    let table = rows.map { row in
      "\(row.area.padded(to: 18)) \(row.module.padded(to: 22)) \(row.caught) of \(row.of)"
    }
    let missed = trials.filter { !$0.isCaught }.map(\.description)
    let caught = trials.count { $0.isCaught }
    return (table + missed + ["wrong lines caught: \(caught) of \(trials.count)"]).joined(separator: "\n")
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}

/// Calls `body`; the result with the seconds that it took.
func timed<Result>(_ body: () throws -> Result) rethrows -> (Result, Double) {
  let start = ContinuousClock.now
  let result = try body()
  let time = (ContinuousClock.now - start).components
  return (result, Double(time.seconds) + Double(time.attoseconds) * 1e-18)
}

/// Prints a line at once, also into a pipe.
func say(_ text: some CustomStringConvertible) {
  // A run goes on when its reader has gone, and leaves nothing behind.
  try? FileHandle.standardOutput.write(contentsOf: Data("\(text)\n".utf8))
}
