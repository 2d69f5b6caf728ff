import Testing

@testable import DependencyScheduling

@Suite struct RunMembershipTests {
  private func opened(width: Int) -> RunMembership {
    var membership = RunMembership()
    membership.open(width: width)
    return membership
  }

  @Test func `nobody enters uninvited`() {
    var membership = opened(width: 3)
    #expect(membership.enter() == nil)
    #expect(membership.ask() == true)
    #expect(membership.enter() == 1)
    #expect(membership.enter() == nil)
  }

  @Test func `no more are asked for than there is room`() {
    var membership = opened(width: 3)
    #expect(membership.ask() == true)
    #expect(membership.hasRoom)
    #expect(membership.ask() == true)
    #expect(!membership.hasRoom)
    #expect(membership.ask() == false)
    #expect(membership.enter() == 1)
    #expect(membership.ask() == false)
  }

  @Test func `width 1 has no room`() {
    var membership = opened(width: 1)
    #expect(membership.ask() == false)
  }

  @Test func `a place that was left can be taken again`() {
    var membership = opened(width: 2)
    for _ in 0..<3 {
      #expect(membership.ask() == true)
      #expect(membership.enter() == 1)
      #expect(membership.leave(1) == false)
    }
  }

  @Test func `the last to leave a closed run signals, and only that one`() {
    var membership = opened(width: 3)
    for _ in 0..<2 {
      #expect(membership.ask() == true)
      #expect(membership.enter() != nil)
    }
    #expect(membership.close() == true)
    #expect(membership.leave(1) == false)
    #expect(membership.leave(2) == true)
  }

  @Test func `a closed run lets nobody in, invited or not`() {
    var membership = opened(width: 3)
    #expect(membership.ask() == true)
    #expect(membership.close() == false)
    #expect(membership.enter() == nil)
    #expect(membership.ask() == false)
  }
}
