// The bench's executable, which is also that of the worker processes it measures.
#include "bench/program.hpp"
#include "impls/processes/worker.hpp"

int main(int argc, char** argv) {
  fanbench::become_worker_if_asked(argc, argv);
  return fanbench::run_bench(argc, argv);
}
