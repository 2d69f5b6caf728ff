/// The pure part of lending a bounded number of items, which are made on demand: who gets which, and who waits.
///
/// It takes no lock, makes no item and wakes nobody: each event answers what is to be done. The item that came back
/// last is lent first, for its memory is the warmest. Whoever comes while others wait goes behind them: an item that
/// comes back is handed to the first of the line, and never lies idle meanwhile.
struct LendingLine<Item, Waiter> {
  /// The most items there are at once.
  let limit: Int
  private(set) var idle: [Item] = []
  /// The items that are there, lent ones included, and those that are being made.
  private(set) var count = 0
  /// The items that were ever to be made.
  private(set) var made = 0
  private var line = TicketLine<Waiter>()

  init(limit: Int) { self.limit = limit }

  /// How many wait.
  var waiting: Int { line.count }

  /// What one who asks gets.
  enum Answer {
    case lend(Item)
    /// There is room for another: whoever asked makes it.
    case make
  }

  /// Who waited, and what they get.
  struct Handover {
    let waiter: Waiter
    let answer: Answer
  }

  /// Somebody asks who could as well be refused; `nil` if they would have to wait.
  mutating func take() -> Answer? {
    if let item = idle.popLast() { return .lend(item) }
    if count == limit { return nil }
    count += 1
    made += 1
    return .make
  }

  /// Somebody asks, and waits if the answer is `nil`.
  mutating func ask(_ waiter: Waiter, _ ticket: Ticket) -> Answer? {
    let answer = take()
    if answer == nil { line.append(waiter, ticket) }
    return answer
  }

  /// An item comes back.
  mutating func giveBack(_ item: Item) -> Handover? {
    if let (_, waiter) = line.removeFirst() { return Handover(waiter: waiter, answer: .lend(item)) }
    idle.append(item)
    return nil
  }

  /// An item does not come back, or could not be made.
  mutating func lose() -> Handover? {
    guard let (_, waiter) = line.removeFirst() else {
      count -= 1
      return nil
    }
    made += 1
    return Handover(waiter: waiter, answer: .make)
  }

  /// Somebody waits no longer; `nil` if they got their answer before.
  mutating func leave(_ ticket: Ticket) -> Waiter? { line.remove(ticket) }

  /// Gives up all items that are not lent.
  mutating func takeIdle() -> [Item] {
    count -= idle.count
    defer { idle = [] }
    return idle
  }

  /// Who waits does so because all items there may be are lent.
  func _checkInvariants() {
    assert((0...limit).contains(count) && idle.count <= count && made >= count)
    assert(line.isEmpty || idle.isEmpty && count == limit, "Somebody waits although an item is to be had")
  }
}
