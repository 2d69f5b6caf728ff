import DigitServing
import Metrics
import Testing

@Suite(.timeLimit(.minutes(5))) struct PrometheusMetricsTests {
  private let metrics = PrometheusMetrics()

  @Test func `counters and gauges are a line for each set of labels, in order`() {
    Counter(label: "digits.answered", dimensions: [("way", "b")], factory: metrics).increment(by: 3)
    Counter(label: "digits.answered", dimensions: [("way", "a")], factory: metrics).increment()
    Counter(label: "digits.answered", dimensions: [("way", "a")], factory: metrics).increment()
    Meter(label: "model_version", factory: metrics).set(7)
    let meter = Meter(label: "active", factory: metrics)
    meter.increment(by: 2)
    meter.decrement(by: 0.5)
    #expect(
      metrics.text == """
        # TYPE active gauge
        active 1.5
        # TYPE digits_answered_total counter
        digits_answered_total{way="a"} 2
        digits_answered_total{way="b"} 3
        # TYPE model_version gauge
        model_version 7

        """)
  }

  @Test func `a timer is a histogram in seconds, whose buckets add up`() {
    let timer = Timer(label: "wait", factory: metrics)
    timer.recordMilliseconds(2)
    timer.recordMilliseconds(2)
    timer.recordSeconds(60)
    let lines = metrics.text.split(separator: "\n").map(String.init)
    #expect(lines.first == "# TYPE wait_seconds histogram")
    #expect(lines.contains(#"wait_seconds_bucket{le="0.001"} 0"#))
    #expect(lines.contains(#"wait_seconds_bucket{le="0.0025"} 2"#))
    #expect(lines.contains(#"wait_seconds_bucket{le="10"} 2"#))
    #expect(lines.contains(#"wait_seconds_bucket{le="+Inf"} 3"#))
    #expect(lines.contains("wait_seconds_sum 60.004"))
    #expect(lines.last == "wait_seconds_count 3")
  }

  @Test func `names and labels are what the format allows`() {
    Counter(label: "9 lives", dimensions: [("the.kind", "a \"b\"\\\n")], factory: metrics).increment()
    #expect(
      metrics.text == """
        # TYPE __lives_total counter
        __lives_total{the_kind="a \\"b\\"\\\\\\n"} 1

        """)
  }

  @Test func `a name has one kind, and a series that is destroyed is gone`() {
    let meter = Meter(label: "size", factory: metrics)
    meter.set(1)
    Recorder(label: "size", factory: metrics).record(5)
    #expect(metrics.text == "# TYPE size gauge\nsize 1\n")
    meter.destroy()
    #expect(metrics.text == "")
  }

  @Test func `what is recorded at once is all counted`() async {
    let counter = Counter(label: "events", factory: metrics)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 { group.addTask { for _ in 0..<1_000 { counter.increment() } } }
    }
    #expect(metrics.text.hasSuffix("events_total 8000\n"))
  }
}
