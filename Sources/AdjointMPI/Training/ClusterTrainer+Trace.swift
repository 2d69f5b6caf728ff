internal import Adjoint
public import AdjointTraining
internal import DependencyScheduling
internal import LibC
internal import Notation

/// One step of all ranks, drawn.
extension ClusterTrainer {
  /// Takes a step, and has rank 0 write what all ranks did in it, and when, as one file of the Trace Event Format,
  /// which ui.perfetto.dev opens: a process a rank, with a track for each session that computed shards, one for
  /// messages, and one for the update. Ranks' clocks are laid upon one another where they began the step together, to
  /// some 50 µs.
  ///
  /// - Parameters:
  ///   - path: the file, which rank 0 writes.
  ///   - feed: as of ``takeStep(feed:)``; if left out, the trainer was told.
  /// - Throws: as ``takeStep(feed:)``; ``ClusterError/file(_:)``, on all ranks: then the step was taken.
  @discardableResult
  public nonisolated(nonsending) func takeStep(
    tracingTo path: String, feed: TrainingNetwork.Feed? = nil
  ) async throws -> Double {
    guard let feed = feed ?? self.feed else { throw TrainingError.notFed }
    try await agree()
    // All begin when the last one is there.
    _ = try await cluster.collect([])
    let loss = try await takeStep(feed: feed)
    let spans = lastSpans?.all ?? []
    let told = try await cluster.collect(TraceText.bytes(spans))
    var reason = ""
    if cluster.rank == 0 {
      let text = TraceText.perfettoJSON(told, step: step)
      reason = await awaitingBlocking { TraceText.write(text, to: path) ?? "" }
    }
    let outcome = try await cluster.collect(Array(reason.utf8))[0]
    if !outcome.isEmpty { throw ClusterError.file(String(decoding: outcome, as: UTF8.self)) }
    return loss
  }
}

/// Spans as text: a line each on its way to rank 0, and an event each in the file.
enum TraceText {
  static func bytes(_ spans: [StepSpans.Span]) -> [UInt8] {
    let lines = spans.map { span in
      let track =
        switch span.track {
        case .update: 1
        case .messages: 2
        case .shards(let session): 3 + session
        }
      return "\(track)\t\(span.start)\t\(span.end)\t\(span.name)"
    }
    return Array(lines.joined(separator: "\n").utf8)
  }

  static func perfettoJSON(_ ranks: [[UInt8]], step: Int) -> String {
    var events: [String] = []
    for (rank, bytes) in ranks.enumerated() {
      func metadata(_ name: String, _ track: Int, _ value: String) {
        let argument = "{\"name\":\(JSONText.quoted(value))}"
        events.append(
          "{\"ph\":\"M\",\"pid\":\(rank + 1),\"tid\":\(track),\"name\":\"\(name)\",\"args\":\(argument)}"
        )
      }
      metadata("process_name", 0, "rank \(rank), step \(step)")
      var tracks: Set<Int> = []
      for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
        let fields = line.split(separator: "\t", maxSplits: 3, omittingEmptySubsequences: false)
        guard fields.count == 4, let track = Int(fields[0]), let start = Int(fields[1]), let end = Int(fields[2]) else {
          continue
        }
        if tracks.insert(track).inserted {
          metadata("thread_name", track, track == 1 ? "update" : track == 2 ? "messages" : "shards \(track - 2)")
        }
        // Messages overlap, as slices of one track cannot.
        let (begin, end_) = track == 2 ? ("b", "e") : ("B", "E")
        for (phase, time) in [(begin, start), (end_, end)] {
          events.append(
            "{\"ph\":\"\(phase)\",\"pid\":\(rank + 1),\"tid\":\(track),\"name\":\(JSONText.quoted(String(fields[3]))),"
              + "\"cat\":\"step\",\"id\":\(JSONText.quoted("\(rank) \(fields[3])")),"
              + "\"ts\":\(NumberText.scaled(time, decimals: 3))}")
        }
      }
    }
    return "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n\(events.joined(separator: ",\n"))\n]}\n"
  }

  /// - Returns: why it cannot be written, if it cannot.
  static func write(_ text: String, to path: String) -> String? {
    guard let file = fopen(path, "w") else { return "cannot write \(path): \(String(cString: strerror(errno)))" }
    let bytes = Array(text.utf8)
    let written = fwrite(bytes, 1, bytes.count, file), code = errno
    guard fclose(file) == 0, written == bytes.count else {
      return "cannot write \(path): \(String(cString: strerror(code)))"
    }
    return nil
  }
}
