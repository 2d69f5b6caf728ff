import CoreMetrics
import Synchronization

/// Something recorded under one name with one set of labels. Any thread may record at any time.
protocol Series: AnyObject, Sendable {
  /// Appends the lines of the series.
  func write(_ name: String, _ labels: Labels, to text: inout String)
}

/// A number that only grows.
final class CounterSeries: Series, CounterHandler, FloatingPointCounterHandler {
  private let value = Mutex(0.0)

  func increment(by amount: Int64) { increment(by: Double(amount)) }

  func increment(by amount: Double) {
    // As swift-metrics has it: what cannot be added is left out.
    if amount.isFinite, amount > 0 { value.withLock { $0 += amount } }
  }

  func reset() { value.withLock { $0 = 0 } }

  func write(_ name: String, _ labels: Labels, to text: inout String) {
    text += "\(name)\(labels) \(value.withLock { $0 }.prometheus)\n"
  }
}

/// A number that is what it was last set to.
final class GaugeSeries: Series, MeterHandler, RecorderHandler {
  private let value = Mutex(0.0)

  func set(_ value: Int64) { set(Double(value)) }
  func set(_ value: Double) { self.value.withLock { $0 = value } }
  func increment(by amount: Double) { value.withLock { $0 += amount } }
  func decrement(by amount: Double) { value.withLock { $0 -= amount } }
  func record(_ value: Int64) { set(Double(value)) }
  func record(_ value: Double) { set(value) }

  func write(_ name: String, _ labels: Labels, to text: inout String) {
    text += "\(name)\(labels) \(value.withLock { $0 }.prometheus)\n"
  }
}

/// How many values were at most each of some limits, their number and their sum.
final class HistogramSeries: Series, RecorderHandler, TimerHandler {
  private struct Counts {
    /// Of the values at most each limit and above the one before; the last are those above all.
    var counts: [Int]
    var sum = 0.0
  }

  private let limits: [Double]
  private let counts: Mutex<Counts>

  /// - Parameter limits: ascending.
  init(limits: [Double]) {
    self.limits = limits
    counts = Mutex(Counts(counts: Array(repeating: 0, count: limits.count + 1)))
  }

  func record(_ value: Int64) { record(Double(value)) }

  func record(_ value: Double) {
    // A sum that is not a number once stays so.
    if value.isNaN { return }
    let place = limits.firstIndex { value <= $0 } ?? limits.count
    counts.withLock { counts in
      counts.counts[place] += 1
      counts.sum += value
    }
  }

  func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

  func write(_ name: String, _ labels: Labels, to text: inout String) {
    let counts = counts.withLock { $0 }
    var count = 0
    for (limit, more) in zip(limits + [.infinity], counts.counts) {
      count += more
      text += "\(name)_bucket\(labels.adding("le", limit.prometheus)) \(count)\n"
    }
    text += "\(name)_sum\(labels) \(counts.sum.prometheus)\n\(name)_count\(labels) \(count)\n"
  }
}

extension Double {
  /// As Prometheus writes numbers: whole ones without decimals.
  fileprivate var prometheus: String {
    if isNaN { return "NaN" }
    if isInfinite { return self < 0 ? "-Inf" : "+Inf" }
    return Int64(exactly: self).map { "\($0)" } ?? "\(self)"
  }
}
