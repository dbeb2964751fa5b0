"""A sweep on a Dask cluster: `holub_sim.sweep` takes any executor of `concurrent.futures`.

Here it is Dask's own cluster of two processes on this machine; a larger one is an address:
`Client("tcp://scheduler:8786")`. Its workers need Holub installed, nothing else.
"""

import sys
from pathlib import Path

from distributed import Client, LocalCluster

from holub_sim.sweep import Row, jobs, sweep


def main(scenario: str, seeds: int) -> list[Row]:
    """Run a scenario with many seeds, and return what each run showed."""
    wanted = jobs(Path(scenario), range(seeds))
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        return sweep(wanted, client.get_executor())


if __name__ == "__main__":
    for row in main(sys.argv[1], int(sys.argv[2])):
        print(row["seed"], row["point"], "passed" if row["passed"] else "FAILED", row["trace"])
