import Foundation
import Synchronization

/// Where some threads wait until all of them have come.
final class Meeting: Sendable {
  private let here = Tally()
  private let size: Int

  init(of size: Int) {
    self.size = size
  }

  func attend() {
    here.add()
    var turns = 0
    while here.value < size {
      turns += 1
      if turns < 10_000 { sched_yield() } else { doze(microseconds: 1_000) }
    }
  }
}

/// One meeting after the other: of those who come, each `size` in a row wait for one another. So that all of them pass,
/// `size` workers must be there, and stay: on any machine, however busy it is.
final class Meetings: Sendable {
  private let here = Tally()
  private let size: Int
  private let total: Int

  /// - Parameter total: How many come in all; the last meeting may be smaller.
  init(of size: Int, total: Int) {
    (self.size, self.total) = (size, total)
  }

  func attend() {
    let number = here.add() - 1
    let last = min((number / size + 1) * size, total)
    waitUntil { here.value >= last }
  }
}

/// Waits for what another thread brings about, without holding one of Swift's.
func eventually(_ condition: () -> Bool) async {
  var turns = 0
  while !condition() {
    turns += 1
    try? await Task.sleep(for: .microseconds(turns < 1_000 ? 100 : 2_000))
  }
}

/// Waits for what another thread brings about, and holds the thread, but no processor; least of all where it waits in
/// vain, by which a watchdog tells waiting from work.
func waitUntil(_ condition: () -> Bool) {
  var turns = 0
  while !condition() {
    turns += 1
    doze(microseconds: turns < 1_000 ? 50 : 2_000)
  }
}

/// Holds the thread, but no processor: unlike ``spin(microseconds:)``, units that do this overlap on any machine.
func doze(microseconds: UInt32) {
  usleep(microseconds)
}

extension Gauge {
  /// Is inside for `microseconds`; and longer, while nobody has come beside it, up to `patience` milliseconds: on a
  /// busy machine the second worker's thread may get a processor late.
  func stay(microseconds: UInt32, patience: Int) {
    within {
      doze(microseconds: microseconds)
      for _ in 0..<patience where most < 2 { doze(microseconds: 1_000) }
    }
  }
}
