import StressScale
import Testing

@testable import DependencyScheduling

@Suite(.timeLimit(.minutes(20)), .watched()) struct KnownTimeTests {
  private func known(_ measured: Double...) -> KnownTime {
    var known = KnownTime(measured[0])
    for time in measured.dropFirst() { known.note(time) }
    return known
  }

  @Test func `a lower measurement is believed at once`() {
    #expect(known(100, 40).time == 40)
  }

  @Test func `a higher one is believed at the third time, the lowest of the three`() {
    #expect(known(100, 500, 400).time == 100)
    #expect(known(100, 500, 400, 450).time == 400)
    #expect(known(100, 500, 400, 105, 450, 450).time == 100)
    #expect(known(100, 500).isContradicted)
    #expect(!known(100, 500, 100).isContradicted)
  }

  @Test func `a load has moved when three measurements differ by a quarter`() {
    #expect(!known(100, 70, 70).hasMoved())
    #expect(known(100, 70, 70, 70).hasMoved())
    #expect(!known(100, 90, 90, 90, 90).hasMoved())
    #expect(!known(100, 130, 130).hasMoved())
    #expect(known(100, 130, 130, 130).hasMoved())
    #expect(!known(100, 120, 120, 120).hasMoved())
  }

  @Test func `small steps add up until the other way is measured`() {
    var time = known(100, 115, 115, 115)
    #expect(!time.hasMoved())
    for _ in 0..<3 { time.note(130) }
    #expect(time.hasMoved())
    time.rebase()
    #expect(!time.hasMoved())
  }

  @Test func `three runs given up leave no time, and one that ends replaces that`() {
    var time = KnownTime(100)
    let established = (0..<3).map { _ in time.note(givenUpAfter: 200) }
    #expect(established == [false, false, true])
    #expect(time.time == .infinity)
    time.note(300)
    #expect(time.time == 300)
    #expect(!time.hasMoved())
  }
}
