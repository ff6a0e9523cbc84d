"""The one door to the network on the client's side; the only importer of httpx there (H7)."""
