internal import Notation

extension RunTrace {
  /// The run as JSON of the Trace Event Format, which ui.perfetto.dev and chrome://tracing open.
  ///
  /// One track a worker, with a slice for each unit and within it one for each of its parts, and above them a track that
  /// shows the critical path alone, with arrows from each of its units to the next.
  ///
  /// - Complexity: O(units + parts).
  public var perfettoJSON: String {
    var events: [String] = []
    func metadata(_ name: String, _ track: Int, _ argument: String) {
      events.append(
        "{\"ph\":\"M\",\"pid\":1,\"tid\":\(track),\"name\":\"\(name)\",\"args\":{\(argument)}}")
    }
    metadata("process_name", 0, "\"name\":\(JSONText.quoted(name))")
    metadata("thread_name", 1, "\"name\":\"critical path\"")
    metadata("thread_sort_index", 1, "\"sort_index\":0")
    for worker in Set(stays.map(\.worker)).sorted() {
      metadata("thread_name", Self.track(worker), "\"name\":\"worker \(worker)\(worker == 0 ? ", the caller" : "")\"")
      metadata("thread_sort_index", Self.track(worker), "\"sort_index\":\(worker + 1)")
    }
    for stay in stays.dropFirst() {
      let track = Self.track(stay.worker)
      events.append(
        "{\"ph\":\"i\",\"s\":\"t\",\"pid\":1,\"tid\":\(track),\"name\":\"woken\",\"ts\":\(Self.microseconds(stay.start))}"
      )
    }
    let critical = Set(criticalPath)
    for unit in units { add(unit, isCritical: critical.contains(unit.id), to: &events) }
    for (step, id) in criticalPath.enumerated() {
      let unit = units[Int(id.index)]
      events.append(Self.slice(unit.name, 1, unit.start, unit.nanoseconds, "critical path", "\"unit\":\(id.index)"))
      if step > 0 {
        let before = units[Int(criticalPath[step - 1].index)]
        events.append(Self.arrow("s", step, Self.track(before.worker), before.end, ""))
        events.append(Self.arrow("f", step, Self.track(unit.worker), unit.start, ",\"bp\":\"e\""))
      }
    }
    return "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n\(events.joined(separator: ",\n"))\n]}\n"
  }

  private func add(_ unit: Unit, isCritical: Bool, to events: inout [String]) {
    let track = Self.track(unit.worker)
    events.append(
      Self.slice(
        unit.name, track, unit.start, unit.nanoseconds, unit.parts.count == 1 ? unit.parts[0].kind : "unit",
        "\"unit\":\(unit.id.index),\"critical\":\(isCritical)"))
    guard unit.parts.count > 1 else { return }
    var start = unit.start
    for part in unit.parts {
      let time = min(part.nanoseconds, unit.end - start)
      events.append(Self.slice(part.name, track, start, time, part.kind, "\"unit\":\(unit.id.index)"))
      start += time
    }
  }

  /// Small numbers: viewers read them as 32 bits.
  private static func track(_ worker: Int) -> Int { worker + 2 }

  private static func slice(
    _ name: String, _ track: Int, _ start: Int64, _ duration: Int64, _ category: String, _ arguments: String
  ) -> String {
    "{\"ph\":\"X\",\"pid\":1,\"tid\":\(track),\"name\":\(JSONText.quoted(name)),\"cat\":\(JSONText.quoted(category)),"
      + "\"ts\":\(microseconds(start)),\"dur\":\(microseconds(duration)),\"args\":{\(arguments)}}"
  }

  private static func arrow(_ phase: String, _ id: Int, _ track: Int, _ time: Int64, _ more: String) -> String {
    "{\"ph\":\"\(phase)\",\"id\":\(id),\"pid\":1,\"tid\":\(track),\"name\":\"critical path\",\"cat\":\"critical path\","
      + "\"ts\":\(microseconds(time))\(more)}"
  }

  private static func microseconds(_ nanoseconds: Int64) -> String { NumberText.scaled(Int(nanoseconds), decimals: 3) }
}
