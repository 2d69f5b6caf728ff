internal import LibC

/// Where a training loop says how far it is, and how often at most; always at the end.
public struct ProgressReport: Sendable {
  let interval: Duration
  /// `nil` says nothing.
  let show: (@Sendable (_ progress: TrainingProgress, _ isLast: Bool) -> Void)?

  /// Nowhere.
  public static let silent = ProgressReport(interval: .zero, show: nil)

  /// One line of standard error, drawn again in place; nothing where that is no terminal.
  public static var terminal: ProgressReport {
    guard isatty(STDERR_FILENO) == 1 else { return .silent }
    return ProgressReport(interval: .milliseconds(100)) { progress, isLast in
      let line = Array("\r\u{1B}[K\(progress)\(isLast ? "\n" : "")".utf8)
      _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress!, $0.count) }
    }
  }

  /// Calls `body` at most every `interval`, and after the last step, on the thread that trains.
  public static func every(_ interval: Duration, _ body: @escaping @Sendable (TrainingProgress) -> Void)
    -> ProgressReport
  {
    ProgressReport(interval: interval) { progress, _ in body(progress) }
  }
}

/// Counts steps between reports.
package struct ProgressMeter {
  private let report: ProgressReport
  private let firstStep: Int, lastStep: Int
  private let start = ContinuousClock.now
  private var lastReport = ContinuousClock.now
  private var losses = LossSum()

  package init(_ report: ProgressReport, from firstStep: Int, to lastStep: Int) {
    self.report = report
    self.firstStep = firstStep
    self.lastStep = lastStep
  }

  /// Notes that `step` steps are done, the last of them at `loss`, and that no more follow if training has stopped.
  package mutating func note(_ step: Int, loss: Double, hasStopped: Bool = false) {
    guard let show = report.show else { return }
    losses.add(loss)
    let isLast = step == lastStep || hasStopped, now = ContinuousClock.now
    guard isLast || now - lastReport >= report.interval else { return }
    show(progress(after: step, loss: losses.mean), isLast)
    (lastReport, losses) = (now, LossSum())
  }

  /// How far training is after `step` steps.
  package func progress(after step: Int, loss: Double, measure: Double? = nil) -> TrainingProgress {
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    return TrainingProgress(
      step: step, lastStep: lastStep, loss: loss,
      stepsPerSecond: seconds > 0 ? Double(step - firstStep) / seconds : 0, measure: measure)
  }
}
