"""Tables derived from the domain, for the store on a computer and for the server's database."""
