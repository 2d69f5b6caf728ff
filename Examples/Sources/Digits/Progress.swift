import Foundation

/// A line that shows how far training is: redrawn in place on a terminal, a plain line now and then elsewhere.
struct Progress {
  let total: Int
  private let isTerminal = isatty(STDOUT_FILENO) == 1

  func show(_ done: Int, loss: Double) {
    let text = "epoch \(done)/\(total)  loss \(String(format: "%.4f", loss))"
    if isTerminal {
      let filled = 40 * done / total
      let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 40 - filled)
      FileHandle.standardOutput.write(Data("\r\u{1B}[K\(bar) \(text)\(done == total ? "\n" : "")".utf8))
    } else if done % 10 == 0 || done == total {
      print(text)
    }
  }
}
