import Foundation
import VirtualExecution

/// The page that says how runs scale.
struct ScalingReport {
  let rows: [ScalingRow]
  let ablations: [ScalingAblation]

  var markdown: String {
    """
    # Scaling, simulated in virtual time

    No machine with 128 cores has run this: it is a simulation. Who takes part, what a worker does next and whether a \
    run is shared is decided by the same code as in `GraphExecutor` (`Search`, `SeatCounts`, `Attendance`, \
    `SharingRecord`, `Watch`); the order of work and the number of workers follow the same rules, written a second time; \
    what each step takes is a price. The simulation leaves out caches, memory bandwidth and other programs. `make \
    scaling` writes this page.

    \(prices)

    ## What runs are compared with

    Each cell is the time of a settled run, the median of three after ten that taught the policy, and in brackets its \
    ratio to the better of two references at the same prices. A letter *a* marks runs that the policy left to one worker.

    - *A run alone* pays \(Int(VirtualPrices().perUnitAlone)) ns a unit, and nothing else.
    - *A central scheduler* knows what all units cost in truth. Whenever a worker is idle, it starts the ready unit with \
    the longest remaining path; deciding, looking, queueing and the end of the run cost it nothing. It pays what a \
    shared run pays for each unit; a hand-over for each unit that does not run where the last of its predecessors \
    did; and for each worker, when it is first used, a submission, which also keeps the one busy whose unit made the \
    other's ready, and a wake-up. Nobody sleeps again. It uses as many workers as suit it best, of the width, its \
    half, its quarter and so on.

    The better one is no bound: a scheduler that takes whatever is nearest pays fewer hand-overs than one that always \
    takes the longest path, so that fine units may come below 1. A bound, though none that can be attained at these \
    prices, is the *limit* below each case: the larger of work / width and span.

    The graphs of S1 to S5 are those of the scheduling workloads with 2¹⁶ units, S6 is as it is; they run as the \
    benchmarks run them, without costs. All others know their costs, unless they say something else.

    ## Cases with which the rules were chosen: units of ten hand-overs and more, on average

    \(table(rows(.tuned, isCoarse: true)))

    ## Cases with which the rules were chosen: finer units

    \(table(rows(.tuned, isCoarse: false)))

    ## Cases held out: units of ten hand-overs and more, on average

    Other shapes, seeds, means and distributions, which nobody had run before the rules were chosen.

    \(table(rows(.heldOut, isCoarse: true)))

    ## Cases held out: finer units

    \(table(rows(.heldOut, isCoarse: false)))

    ## What each rule is worth

    The worst ratio to the better reference, of units of ten hand-overs and more, of all cases, if one of the rules is \
    left out: `VirtualRules` says what each is, and `GraphExecutor` follows all of them.

    \(rules)

    ## Worst cases

    \(worstCases)

    \(misses)

    In the last line the bound is the better reference, and all cases count, those held out and the fine ones too.

    \(lastLine)

    """
  }

  private func rows(_ origin: ScalingCase.Origin, isCoarse: Bool) -> [ScalingRow] {
    rows.filter { $0.origin == origin && $0.isCoarse == isCoarse }
  }

  /// The worst ratio of all.
  var lastLine: String {
    "makespan over the bound, worst for 1 to 128 workers: \(ratio(rows.map(\.worst).max()))"
  }

  private var worstCases: String {
    var lines = ["| cases | over the better reference | where | over a run alone |", "|---|--:|---|--:|"]
    for (origin, set) in [(ScalingCase.Origin.tuned, "chosen with"), (.heldOut, "held out")] {
      for (isCoarse, grain) in [(true, "ten hand-overs and more"), (false, "finer")] {
        let rows = rows(origin, isCoarse: isCoarse)
        lines.append(
          "| \(set), \(grain) | \(ratio(rows.map(\.worst).max())) | \(names(rows, \.worst)) | "
            + "\(ratio(rows.map(\.worstOverAlone).max())) |")
      }
    }
    return lines.joined(separator: "\n")
  }

  /// The runs that miss the goals, and why.
  private var misses: String {
    let coarse = rows.filter(\.isCoarse)
    let missed = coarse.map { row in (name: row.name, cells: row.cells.filter { $0.ratioOfOrder != nil }) }
    let lines = missed.filter { !$0.cells.isEmpty }.map { name, cells in
      "- \(name): "
        + cells.map { "\($0.width) workers \(ratio($0.ratio)), by order \(ratio($0.ratioOfOrder))" }
        .joined(separator: "; ") + "."
    }
    let slower = rows.filter { !$0.isCoarse }.flatMap { row in
      row.cells.filter { $0.time > ScalingRow.fineGoal * row.timeAlone }
    }
    return """
      Units of ten hand-overs and more are to take at most \(ScalingRow.coarseGoal) of the better reference: \
      \(missed.reduce(0) { $0 + $1.cells.count }) of \(coarse.count * ScalingRow.widths.count) runs take longer. Finer \
      units are to take at most \(ScalingRow.fineGoal) of a run alone: \(slower.count) runs take longer. These are the \
      runs that take longer, with the ratio that is left if both pay for the units alone:

      \(lines.joined(separator: "\n"))

      Where that one is large, it is the order of work. A worker goes on with the first successor of its own unit, and a \
      thief takes the longest path of the first deque that has a unit, while the central scheduler compares all that is \
      ready; where there are few more ready units than workers, that decides. Where it is small, it is waking and \
      looking, and in between it is both: a tree whose leaves are as many as the workers has each of them woken for one leaf, by a worker that was \
      itself woken for that, and each looks into all others' deques before it finds its own.
      """
  }

  private var rules: String {
    (["| left out | worst | case |", "|---|--:|---|"]
      + ablations.map { "| \($0.name) | \(ratio($0.worst)) | \($0.worstCase) |" }).joined(separator: "\n")
  }

  private var prices: String {
    let prices = VirtualPrices()
    func line(_ what: String, _ price: Double, _ source: String) -> String {
      "| \(what) | \(price.formatted(.number.grouping(.automatic).locale(Locale(identifier: "en_US")))) | \(source) |"
    }
    return [
      "| price | ns | source |", "|---|--:|---|",
      line("taking a unit from another worker", prices.handOver, "a cache line there and back, 250 to 360"),
      line("between two steals from one deque", prices.stealInterval, "a cache line one way"),
      line("looking into a deque in vain", prices.failedLook, "two loads beyond the core"),
      line("waking a worker, for whoever wakes", prices.submission, "10 µs a wake-up, of which 7 pass until it runs"),
      line("from then until it runs", prices.wakeUp, "measured on Linux with Dispatch"),
      line("each unit of a shared run", prices.perUnitShared, "shared runs on two cores: 5 to 52 a unit"),
      line("each unit of a run alone", prices.perUnitAlone, "2 to 5"),
      line("publishing units", prices.publishing, "one store in the total order"),
      line("a step on a shared word", prices.step, "an atomic exchange beyond the core"),
      line("opening a shared run", prices.opening, "estimated"),
    ].joined(separator: "\n")
  }

  private func table(_ rows: [ScalingRow]) -> String {
    let widths = ScalingRow.widths
    var lines = [
      "| case | units | mean | work / span | " + widths.map(String.init).joined(separator: " | ") + " |",
      "|---|--:|--:|--:|" + widths.map { _ in "--:|" }.joined(),
    ]
    for row in rows {
      let cells = row.cells.map { cell in
        "\(duration(cell.time))\(cell.isShared ? "" : " a") (\(ratio(cell.ratio)))"
      }
      let parallelism = String(format: "%.1f", row.work / row.span)
      lines.append(
        "| \(row.name) | \(row.unitCount) | \(duration(row.meanCost)) | \(parallelism) | "
          + cells.joined(separator: " | ") + " |")
      lines.append("| *limit* | | | | " + row.cells.map { duration($0.bound) }.joined(separator: " | ") + " |")
    }
    return lines.joined(separator: "\n")
  }

  private func names(_ rows: [ScalingRow], _ key: (ScalingRow) -> Double) -> String {
    guard let worst = rows.max(by: { key($0) < key($1) }) else { return "none" }
    let cell = worst.cells.max { $0.ratio < $1.ratio }!
    return "\(worst.name), \(cell.width) workers"
  }

  private func ratio(_ value: Double?) -> String { String(format: "%.2f", value ?? 1) }

  private func duration(_ nanoseconds: Double) -> String {
    for (unit, size) in [("s", 1e9), ("ms", 1e6), ("µs", 1e3)] where nanoseconds >= size {
      return String(format: nanoseconds >= 100 * size ? "%.0f %@" : "%.3g %@", nanoseconds / size, unit)
    }
    return String(format: "%.3g ns", nanoseconds)
  }
}
