/// A worker closes the run; the caller, who announces itself or leaves too late to be found, must see what was done:
/// by an exchange, and by a load alone.
@main enum ParkingHarness {
  static func main() {
    for round in 0..<200 {
      let attendance = Box(RunAttendance(Attendance(caller: .working, seatLimit: 1)))
      let data = Plain(1)
      let threads = TwoThreads()
      threads.run {
        precondition(attendance.value.step { $0.enter() })
        data[0] = 1
        if round % 2 == 0 { precondition(attendance.value.step { $0.close() } == .notYet) }
        precondition(attendance.value.step { $0.leave() } == .notYet)
        threads.signal(1)
      } _: {
        threads.wait(for: 1)
        if round % 2 == 0 {
          precondition(!attendance.value.step { $0.parkCaller() })
        } else {
          precondition(!attendance.value.step { $0.leaveCaller() })
        }
        precondition(data[0] == 1)
      }
    }
  }
}
