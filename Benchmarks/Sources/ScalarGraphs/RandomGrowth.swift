internal import Adjoint

/// Grows a random graph gate by gate.
///
/// A gate's first operand is the oldest value that nobody has read yet, once a few hundred wait; its second one is any
/// of the last thousand: so the graph is some hundreds of gates wide, and many subexpressions are shared. At the end the
/// values that nobody has read are summed pairwise.
///
/// Each value's bound is known, and a gate that would pass ``largestBound`` becomes a sine: the values stay finite. So do
/// the gradients: they shrink on their way back as fast as new ones join, because each thousandth value is part of the
/// sum too. Each thousandth gate reads the input, so that all of the graph depends on it.
struct RandomGrowth {
  private static let recentCount = 1_000
  private static let waiting = 400
  private static let largestBound = 2.0

  private struct Value {
    let node: Node
    let bound: Double
    let index: Int
  }

  private let input: Value
  private var generator = LinearCongruentialGenerator(state: 42)
  private var recent: [Value] = []
  private var isRead: [Bool] = []
  private var unread: [Value] = []
  private var firstUnread = 0
  private var unreadCount = 0
  private var summands: [Node] = []
  private var gateCount = 0

  /// `input` is between -1 and 1.
  init(from input: Node) { self.input = Value(node: input, bound: 1, index: -1) }

  /// How many gates ``ended()`` would leave.
  var gateCountWhenEnded: Int { gateCount + max(0, unreadCount + summands.count - 1) }

  mutating func addGate() {
    let a = gateCount % Self.recentCount == 0 ? input : firstOperand()
    switch generator.next() % 8 {
    case 0:
      let b = anyRecent()
      a.bound + b.bound <= Self.largestBound
        ? append(a.node + b.node, a.bound + b.bound, reading: b) : append(sin(a.node), 1)
    case 1, 2, 3:
      let b = anyRecent()
      a.bound * b.bound <= Self.largestBound
        ? append(a.node * b.node, a.bound * b.bound, reading: b) : append(sin(a.node), 1)
    case 4, 5: append(sin(a.node), 1)
    case 6 where a.bound <= 1: append(exp(a.node), 2.72)
    default: append(sigmoid(a.node), 1)
    }
  }

  /// The sum of what nobody has read and of the values picked on the way, and the number of all gates.
  func ended() -> (Node, Int) {
    var nodes = summands + unread[firstUnread...].filter { !isRead[$0.index] }.map(\.node)
    let sumGates = nodes.count - 1
    while nodes.count > 1 {
      nodes = stride(from: 0, to: nodes.count, by: 2).map {
        $0 + 1 < nodes.count ? nodes[$0] + nodes[$0 + 1] : nodes[$0]
      }
    }
    return (nodes[0], gateCount + sumGates)
  }

  private mutating func append(_ node: Node, _ bound: Double, reading second: Value? = nil) {
    if let second { read(second) }
    let value = Value(node: node, bound: bound, index: gateCount)
    isRead.append(false)
    unread.append(value)
    unreadCount += 1
    if recent.count < Self.recentCount { recent.append(value) } else { recent[gateCount % Self.recentCount] = value }
    gateCount += 1
    if gateCount % Self.recentCount == 0 {
      read(value)
      summands.append(node)
    }
  }

  private mutating func anyRecent() -> Value {
    recent.isEmpty ? input : recent[Int(generator.next() % UInt64(recent.count))]
  }

  private mutating func firstOperand() -> Value {
    let operand = unreadCount > Self.waiting ? oldestUnread() : anyRecent()
    read(operand)
    return operand
  }

  private mutating func oldestUnread() -> Value {
    while isRead[unread[firstUnread].index] { firstUnread += 1 }
    if firstUnread > Self.recentCount {
      unread.removeFirst(firstUnread)
      firstUnread = 0
    }
    return unread[firstUnread]
  }

  private mutating func read(_ value: Value) {
    guard value.index >= 0, !isRead[value.index] else { return }
    isRead[value.index] = true
    unreadCount -= 1
  }
}

/// The same draws everywhere.
struct LinearCongruentialGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 33
  }
}
