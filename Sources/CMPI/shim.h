#pragma once
#include <stddef.h>

// Open MPI and MPICH by one source: what both hide in macros, as functions that Swift can call.
#define OMPI_SKIP_MPICXX 1
// MPICH includes its prototypes in angle brackets, from where only its own compiler wrapper looks.
#define MPICH_SUPPRESS_PROTOTYPES 1
#if __has_include(<mpi.h>)
#include <mpi.h>
#if __has_include(<mpi_proto.h>)
#include <mpi_proto.h>
#endif
#elif __has_include(<mpi/mpi.h>)
#include <mpi/mpi.h>
#if __has_include(<mpi/mpi_proto.h>)
#include <mpi/mpi_proto.h>
#endif
#else
#error The trait MPI needs an MPI: install libopenmpi-dev or libmpich-dev (Fedora: openmpi-devel), or turn it off.
#endif

// Pointers in one of them, numbers in the other: in structures they are the same to Swift.
typedef struct { MPI_Comm handle; } adj_mpi_communicator;
typedef struct { MPI_Request handle; } adj_mpi_request;

static inline int adj_mpi_success(void) { return MPI_SUCCESS; }

/// Begins MPI in a process whose calling thread makes all calls.
static inline int adj_mpi_init(void) {
  int provided = 0;
  return MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
}

/// A communicator of all ranks, whose errors are returned.
static inline int adj_mpi_make_communicator(adj_mpi_communicator *communicator) {
  int status = MPI_Comm_dup(MPI_COMM_WORLD, &communicator->handle);
  return status != MPI_SUCCESS ? status : MPI_Comm_set_errhandler(communicator->handle, MPI_ERRORS_RETURN);
}

static inline int adj_mpi_rank(int *rank) { return MPI_Comm_rank(MPI_COMM_WORLD, rank); }
static inline int adj_mpi_rank_count(int *count) { return MPI_Comm_size(MPI_COMM_WORLD, count); }

/// The greatest tag of messages.
static inline int adj_mpi_greatest_tag(void) {
  int *value = NULL, found = 0;
  MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_TAG_UB, &value, &found);
  return found && value != NULL ? *value : 32767;
}

// Messages are of words of 4 bytes where they can be, since MPI counts with 31 bits.
static inline int adj_mpi_send(
    const void *bytes, long count, int rank, int tag, adj_mpi_communicator communicator, adj_mpi_request *request) {
  MPI_Datatype type = count % 4 == 0 ? MPI_INT32_T : MPI_BYTE;
  int length = (int)(count % 4 == 0 ? count / 4 : count);
  return MPI_Isend(bytes, length, type, rank, tag, communicator.handle, &request->handle);
}

static inline int adj_mpi_receive(
    void *bytes, long count, int rank, int tag, adj_mpi_communicator communicator, adj_mpi_request *request) {
  MPI_Datatype type = count % 4 == 0 ? MPI_INT32_T : MPI_BYTE;
  int length = (int)(count % 4 == 0 ? count / 4 : count);
  return MPI_Irecv(bytes, length, type, rank, tag, communicator.handle, &request->handle);
}

static inline int adj_mpi_test(adj_mpi_request *request, int *is_done) {
  return MPI_Test(&request->handle, is_done, MPI_STATUS_IGNORE);
}

/// Whether a message has come to a communicator, from whom, and its length in bytes.
static inline int adj_mpi_probe(adj_mpi_communicator communicator, int *has_come, int *rank, int *count) {
  MPI_Status status;
  int result = MPI_Iprobe(MPI_ANY_SOURCE, 0, communicator.handle, has_come, &status);
  if (result != MPI_SUCCESS || !*has_come) return result;
  *rank = status.MPI_SOURCE;
  return MPI_Get_count(&status, MPI_BYTE, count);
}

/// Receives a message that has come.
static inline int adj_mpi_take(void *bytes, int count, int rank, adj_mpi_communicator communicator) {
  return MPI_Recv(bytes, count, MPI_BYTE, rank, 0, communicator.handle, MPI_STATUS_IGNORE);
}

static inline int adj_mpi_notify(
    const void *bytes, int count, int rank, adj_mpi_communicator communicator, adj_mpi_request *request) {
  return MPI_Isend(bytes, count, MPI_BYTE, rank, 0, communicator.handle, &request->handle);
}

/// MPI's own sum of float32 over all ranks, in place: what figures stand beside.
static inline int adj_mpi_sum_floats(float *elements, int count, adj_mpi_communicator communicator) {
  return MPI_Allreduce(MPI_IN_PLACE, elements, count, MPI_FLOAT, MPI_SUM, communicator.handle);
}
