extension WrongLine {
  /// Lines of the protocol of waking, removed or replaced by wrong ones, which the walk through all interleavings must
  /// notice.
  static let wakingProtocol = (seatCounts + attendance + search).flatMap { $0 }

  /// Several wrong lines in place of one; an empty one removes it.
  private static func walked(
    _ file: String, after place: String? = nil, _ line: String, _ wrong: String...
  ) -> [WrongLine] {
    wrong.map { wrong in
      let summary = "`\(line)` is `\(wrong)`" + (place.map { " after `\($0)`" } ?? "")
      return WrongLine(
        summary, in: "Sources/DependencyScheduling/Seats/\(file).swift", after: place, replace: line, with: wrong,
        proof: .walk)
    }
  }

  private static let seatCounts: [[WrongLine]] = [
    walked("SeatCounts", "private(set) var searching: Int32 = 0", "private(set) var searching: Int32 = 1"),
    walked("SeatCounts", "vacant = Int32(seats)", "vacant = Int32(seats + 1)", "vacant = Int32(seats - 1)"),
    walked(
      "SeatCounts", "guard searching < units, vacant > 0 else { return false }",
      "guard vacant > 0 else { return false }", "guard searching < units else { return false }",
      "guard searching == 0, vacant > 0 else { return false }",
      "guard searching <= units, vacant > 0 else { return false }",
      "guard searching < units, vacant > 0 else { return true }",
      "guard searching < units, vacant > 1 else { return false }"),
    walked("SeatCounts", after: "mutating func call(forUnits units: Int) -> Bool {", "vacant -= 1", ""),
    walked("SeatCounts", after: "mutating func call(forUnits units: Int) -> Bool {", "searching += 1", ""),
    walked("SeatCounts", after: "mutating func call(forUnits units: Int) -> Bool {", "return true", "return false"),
    walked("SeatCounts", after: "mutating func find() -> Bool {", "searching -= 1", ""),
    walked("SeatCounts", "return searching == 0", "return false"),
    walked("SeatCounts", after: "mutating func runDry() {", "searching += 1", ""),
    walked("SeatCounts", after: "mutating func announceSleep() {", "searching -= 1", ""),
    walked("SeatCounts", after: "mutating func announceSleep() {", "vacant += 1", ""),
    walked("SeatCounts", "vacant += Int32(count)", ""),
    walked(
      "SeatCounts", "var isOvercrowded: Bool { vacant < 0 }", "var isOvercrowded: Bool { false }",
      "var isOvercrowded: Bool { vacant <= 0 }"),
    walked("SeatCounts", "vacant = Int32(truncatingIfNeeded: bits)", "vacant = Int32(bits & 0xFFFF)"),
    walked("SeatCounts", "searching = Int32(truncatingIfNeeded: bits >> 32)", "searching = 0"),
    walked(
      "SeatCounts",
      "var bits: UInt64 { UInt64(UInt32(bitPattern: vacant)) | UInt64(UInt32(bitPattern: searching)) << 32 }",
      "var bits: UInt64 { UInt64(bitPattern: Int64(vacant)) | UInt64(UInt32(bitPattern: searching)) << 32 }",
      "var bits: UInt64 { UInt64(UInt32(bitPattern: vacant)) }",
      "var bits: UInt64 { UInt64(UInt32(bitPattern: searching)) << 32 }"),
  ]

  private static let attendance: [[WrongLine]] = [
    walked("Attendance", "private(set) var seats = 0", "private(set) var seats = 1"),
    walked("Attendance", "private(set) var isClosed = false", "private(set) var isClosed = true"),
    walked("Attendance", "self.caller = caller", "self.caller = .absent", "self.caller = .working"),
    walked("Attendance", "self.seatLimit = seatLimit", "self.seatLimit = 0", "self.seatLimit = seatLimit + 1"),
    walked("Attendance", "if isClosed { return .nobody }", "", "return .nobody"),
    walked("Attendance", "if caller == .parked {", "if false {", "if caller != .parked {"),
    walked("Attendance", after: "mutating func call(forUnits units: Int) -> Call {", "caller = .searching", ""),
    walked("Attendance", "return .wakeCaller", "return .nobody", "return .seat(forUnits: units)"),
    walked(
      "Attendance", "let forSeats = min(caller == .searching ? units - 1 : units, seatLimit - seats)",
      "let forSeats = min(units, seatLimit - seats)", "let forSeats = min(units - 1, seatLimit - seats)",
      "let forSeats = caller == .searching ? units - 1 : units", "let forSeats = seatLimit - seats",
      "let forSeats = min(caller == .searching ? units - 1 : units, seatLimit)"),
    walked(
      "Attendance", "return forSeats > 0 ? .seat(forUnits: forSeats) : .nobody",
      "return .seat(forUnits: forSeats)", "return .nobody", "return forSeats > 0 ? .seat(forUnits: 1) : .nobody",
      "return forSeats > 1 ? .seat(forUnits: forSeats) : .nobody"),
    walked(
      "Attendance", "mutating func callerRunsDry() { caller = .searching }", "mutating func callerRunsDry() {}"),
    walked("Attendance", "mutating func callerFinds() { caller = .working }", "mutating func callerFinds() {}"),
    walked("Attendance", "guard !isClosed else { return false }", "", "guard !isClosed else { return true }"),
    walked("Attendance", "caller = .parked", ""),
    walked("Attendance", after: "caller = .parked", "return true", "return false"),
    walked(
      "Attendance", "guard caller == .parked else { return false }", "",
      "guard caller == .parked else { return true }"),
    walked("Attendance", after: "mutating func unparkCaller() -> Bool {", "caller = .searching", ""),
    walked("Attendance", after: "mutating func unparkCaller() -> Bool {", "return true", "return false"),
    walked("Attendance", "if seats == 0 { return false }", "", "return false"),
    walked("Attendance", "caller = .waiting", ""),
    walked("Attendance", after: "caller = .waiting", "return true", "return false"),
    walked(
      "Attendance", "guard !isClosed, seats < seatLimit else { return false }",
      "guard seats < seatLimit else { return false }", "guard !isClosed else { return false }",
      "guard !isClosed, seats < seatLimit else { return true }"),
    walked("Attendance", "seats += 1", ""),
    walked("Attendance", after: "seats += 1", "return true", "return false"),
    walked("Attendance", "seats -= 1", ""),
    walked(
      "Attendance", "guard isClosed, seats == 0 else { return .notYet }", "guard isClosed else { return .notYet }",
      "guard seats == 0 else { return .notYet }", "return .notYet"),
    walked("Attendance", "case .absent: return .finish", "case .absent: return .notYet"),
    walked("Attendance", "case .waiting: return .signalCaller", "case .waiting: return .notYet"),
    walked(
      "Attendance", "case .working, .searching, .parked: return .notYet",
      "case .working, .searching, .parked: return .signalCaller", "case .working, .searching, .parked: return .finish"),
    walked("Attendance", "if isClosed { return .notYet }", ""),
    walked("Attendance", "isClosed = true", ""),
    walked("Attendance", after: "mutating func close() -> End {", "caller = .searching", ""),
    walked(
      "Attendance", after: "mutating func close() -> End {",
      "return .signalCaller", "return .notYet", "return .finish"),
    walked(
      "Attendance", "case .absent: return seats == 0 ? .finish : .notYet", "case .absent: return .finish",
      "case .absent: return .notYet"),
    walked(
      "Attendance", "case .working, .searching, .waiting: return .notYet",
      "case .working, .searching, .waiting: return .signalCaller", "case .working, .searching, .waiting: return .finish"
    ),
    walked(
      "Attendance", "mutating func admit(seats limit: Int) { seatLimit = limit }",
      "mutating func admit(seats limit: Int) {}"),
    walked(
      "Attendance", "var hasRoom: Bool { !isClosed && seats < seatLimit }",
      "var hasRoom: Bool { seats < seatLimit }", "var hasRoom: Bool { !isClosed }", "var hasRoom: Bool { false }"),
    walked("Attendance", "seats = Int(bits & 0xFFFF)", "seats = 0", "seats = Int(bits & 1)"),
    walked(
      "Attendance", "seatLimit = Int(bits >> 16 & 0xFFFF)", "seatLimit = 0", "seatLimit = Int(bits >> 16)"),
    walked(
      "Attendance", "caller = Caller(rawValue: bits >> 32 & 7)!", "caller = .absent",
      "caller = Caller(rawValue: bits >> 32 & 3)!"),
    walked("Attendance", "isClosed = bits >> 35 & 1 == 1", "isClosed = false"),
    walked(
      "Attendance", "UInt64(seats) | UInt64(seatLimit) << 16 | caller.rawValue << 32 | (isClosed ? 1 << 35 : 0)",
      "UInt64(seatLimit) << 16 | caller.rawValue << 32 | (isClosed ? 1 << 35 : 0)",
      "UInt64(seats) | caller.rawValue << 32 | (isClosed ? 1 << 35 : 0)",
      "UInt64(seats) | UInt64(seatLimit) << 16 | (isClosed ? 1 << 35 : 0)",
      "UInt64(seats) | UInt64(seatLimit) << 16 | caller.rawValue << 32"),
  ]

  private static let search: [[WrongLine]] = [
    walked("Search", "private var isCalled = false", "private var isCalled = true"),
    walked("Search", "private var isLeaving = false", "private var isLeaving = true"),
    walked("Search", "self.role = role", "self.role = .seat", "self.role = .caller"),
    walked("Search", after: "init(dry role: Role) {", "action = .look", "action = .rest"),
    walked("Search", after: "init(dry role: Role) {", "isCounted = false", "isCounted = true"),
    walked("Search", after: "init(dry role: Role) {", "isInRun = true", "isInRun = false"),
    walked(
      "Search", after: "static var calledSeat: Search {", "var search = Search(dry: .seat)",
      "var search = Search(dry: .caller)"),
    walked("Search", "search.isCounted = true", ""),
    walked("Search", "search.isCalled = true", ""),
    walked("Search", "search.isInRun = false", ""),
    walked("Search", "search.action = .findRun", ""),
    walked(
      "Search", after: "static var leavingSeat: Search {", "var search = Search(dry: .seat)",
      "var search = Search(dry: .caller)"),
    walked("Search", "search.action = .countSearching", "", "search.action = .leave"),
    walked("Search", "search.isLeaving = true", ""),
    walked("Search", "action = following(answer)", "_ = following(answer)"),
    walked("Search", "return action", "return .look"),
    walked("Search", "if answer == .over { return leaveRunThatIsOver() }", ""),
    walked(
      "Search", "case .look where answer == .found: return isCounted ? .countFound : .work", "",
      "case .look where answer == .found: return .work", "case .look where answer == .found: return .countFound"),
    walked("Search", "case .look where !isCounted: return .countSearching", ""),
    walked(
      "Search", "case .look: return .rest", "case .look: return .countSearching", "case .look: return .announce"),
    walked("Search", after: "case .countSearching:", "isCounted = true", ""),
    walked("Search", "return isLeaving ? .leave : .look", "return .look", "return .leave"),
    walked(
      "Search", "case .rest where answer == .done: return isInRun ? .look : .findRun",
      "case .rest where answer == .done: return .look", "case .rest where answer == .done: return .findRun"),
    walked(
      "Search", "case .rest: return role == .seat && isInRun ? .leave : .announce", "case .rest: return .announce",
      "case .rest: return .leave", "case .rest: return role == .seat ? .leave : .announce",
      "case .rest: return isInRun ? .leave : .announce", "case .rest: return .sleep"),
    walked(
      "Search", "case .countFound: return answer == .found || isCalled ? .lookForMore : .work",
      "case .countFound: return .work", "case .countFound: return answer == .found ? .lookForMore : .work",
      "case .countFound: return isCalled ? .lookForMore : .work", "case .countFound: return .lookForMore"),
    walked(
      "Search", "case .lookForMore: return answer == .found ? .call : .work", "case .lookForMore: return .work"),
    walked("Search", "case .call: return .work", "case .call: return .look"),
    walked("Search", after: "case .leave:", "isInRun = false", ""),
    walked("Search", "return .findRun", "return .sleep", "return .look"),
    walked("Search", after: "case .findRun where answer == .found:", "isInRun = true", ""),
    walked("Search", after: "case .findRun where answer == .found:", "return .look", "return .countFound"),
    walked(
      "Search", "case .findRun: return .rest", "case .findRun: return .sleep", "case .findRun: return .look"),
    walked("Search", "case .announce: return .lookOnceMore", "case .announce: return .sleep"),
    walked(
      "Search", "case .lookOnceMore: return answer == .found ? .stayAwake : .sleep",
      "case .lookOnceMore: return .sleep", "case .lookOnceMore: return .stayAwake"),
    walked("Search", "case .stayAwake where answer == .nothing: return .sleep", ""),
    walked(
      "Search", "case .stayAwake: return role == .seat ? .findRun : .look", "case .stayAwake: return .findRun",
      "case .stayAwake: return .look", "case .stayAwake: return .sleep"),
    walked("Search", "case .sleep: return .look", "case .sleep: return .end"),
    walked("Search", "if role == .caller { return .end }", ""),
    walked("Search", "return isCounted ? .leave : .countSearching", "return .leave", "return .countSearching"),
  ]
}
