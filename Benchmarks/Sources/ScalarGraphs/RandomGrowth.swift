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
  }

  /// A value by its number; the input comes before the first.
  private typealias Number = Int
  private static let inputNumber = -1

  private let input: Value
  private var generator = LinearCongruentialGenerator(state: 42)
  /// The last values, each at its number modulo the capacity: copying a node costs about as much as adding one, so
  /// everything else speaks of numbers.
  private var values: [Value] = []
  private static let capacity = 4_096
  private var isRead: [Bool] = []
  private var unread: [Number] = []
  private var firstUnread = 0
  private var unreadCount = 0
  private var summands: [Node] = []
  private var gateCount = 0

  /// `input` is between -1 and 1.
  init(from input: Node) { self.input = Value(node: input, bound: 1) }

  /// How many gates ``ended()`` would leave.
  var gateCountWhenEnded: Int { gateCount + max(0, unreadCount + summands.count - 1) }

  mutating func addGate() {
    let a = gateCount % Self.recentCount == 0 ? Self.inputNumber : firstOperand()
    switch generator.next() % 8 {
    case 0:
      let b = anyRecent()
      bound(a) + bound(b) <= Self.largestBound
        ? append(node(a) + node(b), bound(a) + bound(b), reading: b) : append(sin(node(a)), 1)
    case 1, 2, 3:
      let b = anyRecent()
      bound(a) * bound(b) <= Self.largestBound
        ? append(node(a) * node(b), bound(a) * bound(b), reading: b) : append(sin(node(a)), 1)
    case 4, 5: append(sin(node(a)), 1)
    case 6 where bound(a) <= 1: append(exp(node(a)), 2.72)
    default: append(sigmoid(node(a)), 1)
    }
  }

  /// The sum of what nobody has read and of the values picked on the way, and the number of all gates.
  func ended() -> (Node, Int) {
    var nodes = summands + unread[firstUnread...].filter { !isRead[$0] }.map { node($0) }
    let sumGates = nodes.count - 1
    while nodes.count > 1 {
      nodes = stride(from: 0, to: nodes.count, by: 2).map {
        $0 + 1 < nodes.count ? nodes[$0] + nodes[$0 + 1] : nodes[$0]
      }
    }
    return (nodes[0], gateCount + sumGates)
  }

  private func node(_ number: Number) -> Node { number < 0 ? input.node : values[seat(of: number)].node }
  private func bound(_ number: Number) -> Double { number < 0 ? input.bound : values[seat(of: number)].bound }

  private func seat(of number: Number) -> Int {
    precondition(gateCount - number <= Self.capacity, "The value \(number) is no longer among the last")
    return number % Self.capacity
  }

  private mutating func append(_ node: Node, _ bound: Double, reading second: Number? = nil) {
    if let second { read(second) }
    let number = gateCount
    isRead.append(false)
    unread.append(number)
    unreadCount += 1
    let value = Value(node: node, bound: bound)
    if values.count < Self.capacity { values.append(value) } else { values[number % Self.capacity] = value }
    gateCount += 1
    if gateCount % Self.recentCount == 0 {
      read(number)
      summands.append(node)
    }
  }

  private mutating func anyRecent() -> Number {
    let count = min(gateCount, Self.recentCount)
    if count == 0 { return Self.inputNumber }
    let seat = Int(generator.next() % UInt64(count))
    return gateCount - 1 - (gateCount - 1 - seat) % Self.recentCount
  }

  private mutating func firstOperand() -> Number {
    let operand = unreadCount > Self.waiting ? oldestUnread() : anyRecent()
    read(operand)
    return operand
  }

  private mutating func oldestUnread() -> Number {
    while isRead[unread[firstUnread]] { firstUnread += 1 }
    if firstUnread > Self.recentCount {
      unread.removeFirst(firstUnread)
      firstUnread = 0
    }
    return unread[firstUnread]
  }

  private mutating func read(_ value: Number) {
    guard value >= 0, !isRead[value] else { return }
    isRead[value] = true
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
