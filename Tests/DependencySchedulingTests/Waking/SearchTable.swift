@testable import DependencyScheduling

/// Every state that a ``Search`` can be in, numbered: the walk keeps numbers, and asks the real type once for each
/// step.
struct SearchTable {
  private(set) var searches: [Search] = []
  private(set) var actions: [Search.Action] = []
  /// For each state, the states after the four answers.
  private var following: [[Int]] = []

  let dryCaller: Int
  let drySeat: Int
  let calledSeat: Int
  let leavingSeat: Int

  static let answers: [Search.Answer] = [.done, .found, .nothing, .over]

  init() {
    searches = [Search(dry: .caller), Search(dry: .seat), .calledSeat, .leavingSeat]
    (dryCaller, drySeat, calledSeat, leavingSeat) = (0, 1, 2, 3)
    var number = 0
    while number < searches.count {
      let search = searches[number]
      actions.append(search.action)
      var after: [Int] = []
      if search.action != .work && search.action != .end {
        for answer in Self.answers {
          var next = search
          let action = next.next(after: answer)
          precondition(action == next.action, "a search says \(action), and is at \(next.action)")
          if let known = searches.firstIndex(of: next) {
            after.append(known)
          } else {
            after.append(searches.count)
            searches.append(next)
          }
        }
      }
      following.append(after)
      number += 1
    }
  }

  func next(_ number: Int, after answer: Search.Answer) -> Int {
    switch answer {
    case .done: following[number][0]
    case .found: following[number][1]
    case .nothing: following[number][2]
    case .over: following[number][3]
    }
  }
}
