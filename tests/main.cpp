// Runs the tests of programs whose worker processes are started from their own executable.
#include <gtest/gtest.h>

#include "impls/processes/worker.hpp"

int main(int argc, char** argv) {
  fanbench::become_worker_if_asked(argc, argv);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
