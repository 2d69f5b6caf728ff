public import CoreMetrics
import Synchronization

/// A backend of swift-metrics that prints what it was told in Prometheus's text format, version 0.0.4.
///
/// Counters end in `_total`, timers in `_seconds`. Timers, and recorders that aggregate, are histograms with fixed
/// limits, so that memory depends on how many names and labels there are, and not on how much is recorded.
///
/// ```swift
/// let metrics = PrometheusMetrics()
/// MetricsSystem.bootstrap(metrics)
/// Counter(label: "digits_answered").increment()
/// print(metrics.text)  // # TYPE digits_answered_total counter …
/// ```
public final class PrometheusMetrics: Sendable {
  public static let contentType = "text/plain; version=0.0.4; charset=utf-8"
  /// Seconds.
  static let timerLimits = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  ]
  static let recorderLimits = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 100_000, 1_000_000]

  private let families = Mutex<[String: Family]>([:])

  /// All series of one name.
  private struct Family {
    let kind: Kind
    var series: [Labels: any Series] = [:]
  }

  enum Kind: String { case counter, gauge, histogram }

  public init() {}

  /// The series of that name and those labels, made if there is none.
  ///
  /// Where a name was first used for another kind, what is recorded is not printed: the format has one kind a name.
  private func series<S: Series>(_ name: String, _ kind: Kind, _ labels: Labels, _ make: () -> S) -> S {
    families.withLock { families in
      var family = families[name] ?? Family(kind: kind)
      if let found = family.series[labels] as? S { return found }
      let made = make()
      guard family.kind == kind else { return made }
      family.series[labels] = made
      families[name] = family
      return made
    }
  }

  /// Forgets a series.
  private func remove(_ series: AnyObject) {
    families.withLock { families in
      for (name, family) in families {
        let left = family.series.filter { $0.value !== series }
        if left.count == family.series.count { continue }
        families[name] = left.isEmpty ? nil : Family(kind: family.kind, series: left)
      }
    }
  }

  /// All that was recorded, names and labels in order.
  public var text: String {
    let families = families.withLock { $0 }
    var text = ""
    for (name, family) in families.sorted(by: { $0.key < $1.key }) {
      text += "# TYPE \(name) \(family.kind.rawValue)\n"
      for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) { series.write(name, labels, to: &text) }
    }
    return text
  }
}

extension PrometheusMetrics: MetricsFactory {
  public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    series(Labels.name(label, ending: "_total"), .counter, Labels(dimensions)) { CounterSeries() }
  }

  public func makeFloatingPointCounter(
    label: String, dimensions: [(String, String)]
  ) -> any FloatingPointCounterHandler {
    series(Labels.name(label, ending: "_total"), .counter, Labels(dimensions)) { CounterSeries() }
  }

  public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    series(Labels.name(label), .gauge, Labels(dimensions)) { GaugeSeries() }
  }

  public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
    if aggregate {
      series(Labels.name(label), .histogram, Labels(dimensions)) { HistogramSeries(limits: Self.recorderLimits) }
    } else {
      series(Labels.name(label), .gauge, Labels(dimensions)) { GaugeSeries() }
    }
  }

  public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    series(Labels.name(label, ending: "_seconds"), .histogram, Labels(dimensions)) {
      HistogramSeries(limits: Self.timerLimits)
    }
  }

  public func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
  public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
  public func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
  public func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
  public func destroyTimer(_ handler: any TimerHandler) { remove(handler) }
}
